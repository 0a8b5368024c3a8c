/** Words for what must be thought out: proofs, cases of law and money, undertakings, conditions. Spelled as `words.ts` says. */

export const thinkWords = {
  prove: `show_that zeige_dass zeig_dass muestra_que montre_que montrer_que mostre_que mostra_che 帰納法 归纳法 استقراء بالاستقراء индукции work_it_out_quantitatively
    disprove provably correctness induction by_contradiction contradiction_proof show_by
    widerlege leite_die herleitung leite_eine beweisen deduzca deducelo dedúcelo deducir deduz prouvez demonstra 論証 导出 推导出 示してください اثبات отрицай выведи
    prove proof proofs proves derive derivation rigorous rigorously lemma qed
    beweis* bewies* leite_her herleit* widerleg* induktion
    demuestra demostrar demostracion demuestre por_induccion deduce
    demontre demontrer demonstration prouve prouver par_recurrence
    demonstre demonstrar prova dimostra dimostrare dimostrazione bewijs udowodnij докажи* доказательство kanitla
    证明 求证 推导 証明 示せ 導出 증명 برهن اثبت برهان
    prove_that prove_it show_why_no disproof proof_of give_a_proof give_me_a_proof formally demonstrate_that derive_the deriving dowód
    dowieść udowodnić wykaż wyprowadź wywiedź bewijzen bewijs_dat toon_aan aantonen leid_af kanıtlayın kanıtla* ispatla* ispat ispatı
    türet सिद्ध साबित प्रमाण доказать докажите доказательств* покажи_что выведите выведи_формулу вывод_формулы أثبتي اثباتا برهنة اشتق
    استنتج_معادلة dimostra_che dimostrare_che dimostrami ricava deriva_la demonstre_que prove_que deduza deduz_a demuestra_que
    deduce_la demuéstrame démontrer_que démontre_que prouve_que établis_que déduis beweise_dass leite_die_formel zeige_formal 推导公式
    给出证明 严格证明 反证法 数学归纳法 を導け 証明せよ を証明 導け 導出して 증명해 유도해
    prueba_que pruebe_que prueba_por demuestra_por show_formally prova_che why_can't_there why_is_there_no
    refute refuter réfute refuta refutar confuta montre_qu'il montrer_qu'il démontre_qu'il prouve_qu'il montre_qu'aucun опровергни 反驳
    反証`,
  /** "Show that": a proof when it is of mathematics. */
  show: `show zeige zeig muestra muestre montre montrer mostre mostra calculate compute evaluate find determine solve berechne
    bestimme lose calcula determina resuelve calcule resous resolva calcola 计算 求 求解 求め 計算 解け احسب`,
  maths: `equation gleichung ecuacion equacao 方程式 方程 equilibrium arrow voting_method wahlverfahren
    differentiable differenzierbare derivable derivables raiz racine wurzel root sqrt
    expected_number coin_flips dice squares quadratzahlen summe_der differenzierbar lambert subsequence sequence sequences convergent euler-lagrange variational
    racional numero_racional cuadrado dado promedio lanzar 期望 二次方程式 公式 теорем* 差分 微分 微积分 calculo
    prime primes theorem polynomial* integral* derivative* eigenvalue* matrix converge* diverge* continuous uniformly bounded
    monoton* countable infinite infinitely abelian factoring factorization
     axiom integers reals modulo probability expectation bayes combinatori*
    primzahl* satz polynom* irrational* integral* ableitung* matrix konverg* diverg* stetig* beschrankt* folge naturliche ganzzahlig*
    quadratwurzel koeffizienten wahrscheinlichkeit* vektorraum* abzahlbar* gruppe
    primo primos teorema polinomio* integral* derivada* irracional* converge* diverge* matriz continua sucesion cubos induccion probabilidad recta_real
    premier premiers theoreme polynome* integrale* derivee* irrationnel* converge* diverge* matrice continue suite groupe abelien probabilite*
    primo teorema polinomio* integral* irracional converge diverge matriz serie_harmonica serie probabilidade integrale irrazionale
    素数 偶数 奇数 定理 多项式 积分 导数 无理数 收敛 矩阵 概率 连续函数 逆命题 級数 素数 無理数 積分 収束 行列 確率 多項式 소수 무리수 적분
    الجذر_التربيعي نسبي تكامل متسلسله عدد_اولي интеграл* простых предел* теорем*
    liczb pierwszych niewymiern* całk* pochodn* priemgetal* wortel irrationeel stelling asal kök irrasyonel sonsuz teorem* integral
    türev अभाज्य अपरिमेय संख्या प्रमेय समाकलन अवकलन простое иррациональн* корень производн* множеств* عدد أولي أولية غير_نسبي نظرية
    مشتقة مصفوفة numeri_primi radice_di triangolo angoli raiz_quadrada números_primos nombres_premiers triangle dreieck* winkelsumme
    quadrate_der congruent congruence mod sum_of_squares pigeonhole eigenvector* determinant* limit limits epsilon-delta series taylor
    fourier laplace gaussian variance markov stochastic brownian hilbert banach metric_space compactness topology group_theory ring
    field_extension graph_theory bipartite chromatic_number hamiltonian np-hardness reduction_from 素因数 平方根 三角形 定积分 特征值 矩阵的 群论 極限 固有値
    三角関数 円周率 数列
    rationnel rationnels rationnelle carré razionale quadrato rationale quadrat nenner vertices vertex tree_with n_vertices graph
    edges`,
  /** Terms of mathematics and logic that are met with where things are proved. */
  theory: `differential_equation differentialgleichung* ecuacion_diferencial equation_differentielle equacao_diferencial 微分方程
    nirgends_differenzierbare
    nowhere_differentiable nulle_part en_ningun_punto
    cyclic zyklisch closed_form recurrence am-gm inequality ungleichung desigualdad inegalite desigualdade 不等式 均值不等式 متباينه
    brachistochrone euler-lagrange lambda_calculus horses_are_the_same
    bijection injection undecidable decidable halting irrational transcendental uncountable homomorphism
    isomorph* topolog* manifold martingale lemma conjecture abelian np-complete np-hard navier-stokes black-scholes uniformly_continuous fermat riemann godel
    cauchy bolzano* incompleteness time_complexity lower_bound continuum_hypothesis planar p_equal_np provabl* diophantine galois
    halteproblem unentscheidbar* uberabzahlbar* gleichmassig_stetig irrational* unvollstandigkeit* abelsch* laufzeitkomplexitat
    irracional* indecidible decidible problema_de_la_parada no_numerable biyeccion
    irrationnel* irrationalite indecidable denombrable abelien enumeravel indecidivel irrazional*
    无理数 不可判定 费马 哥德尔 黎曼 无穷多 無理数 フェルマー 決定不能 停止性 иррационал* неразрешим*
    p_vs_np p_versus_np p≠np collatz goldbach twin_prime riemann_hypothesis halting_problem turing_machine gödel's gödels
    goedel church-turing busy_beaver banach-tarski axiom_of_choice zorn's_lemma zorn cantor diagonalization cap_theorem flp
    byzantine_generals fermat's fermats sqrt_2 square_root_of_2 wurzel_aus_2 wurzel_2 raíz_de_2 raiz_de_2 racine_de_2 radice_di_2 根号2
    根号二 ルート2 √2 √3 infinitely_many_primes quantum_field general_relativity renormalization schrödinger* maxwell's_equations lagrangian
    hamiltonian noether 哥德巴赫 黎曼猜想 停机问题 不完备 リーマン予想 不完全性定理 コラッツ
    general_algorithm decides_if decides_whether decide_whether halts cantors_theorem cantor's_theorem cantors goldbachs
    is_p_np does_p_np p_np pnp
    polynomial-time polynomial_time temps_polynomial tiempo_polinómico polynomialzeit tempo_polinomial np-vollständig`,
  /** Puzzles that mislead. */
  riddle: `coins weighings heavier lighter flaw horses
    riddle puzzle knights knaves liar liars truth-teller prisoners hats gods counterfeit envelopes monty paradox who_is_who brainteaser
    ratsel lugner gefangene paradox* acertijo mentiroso* prisioneros paradoja enigme menteur* prisonniers paradoxe enigma prigionieri
    谜题 逻辑题 悖论 谁在说谎 パズル 論理パズル 囚人 嘘つき لغز
    boxes jugs blue-eyed monty_hall 100_prisoners hat_puzzle truth-tellers двенадцать_монет 囚犯 帽子 12枚 天秤
    logician logicians logiker* lógicos logiciens
    five_houses owns_the_fish zebra_puzzle einstein's_riddle einsteinrätsel* cinco_casas cinq_maisons cinque_case who_is_lying
    who_is_the_thief truth_teller always_lies always_lie immer_lügt siempre_miente toujours_ment 说真话 说假话
    tells_the_truth who_tells_the_truth lies_and wer_lügt quién_miente qui_ment chi_mente quem_mente`,
  /** Weighing things up. */
  analyse: `argumentier* fairest gerechtest* mas_justo plus_juste
    pays_off pay_off lohnt_sich sich_lohnt compensa rentable rentabel redline conviene vale_la_pena si_compensa 划算 值不值得 元が取れる rechne_durch work_out_whether work_through_whether
    weighs argue resilient valora valorar valuer bewerte clinical_trial
    threat_model
    mitigat* bedrohungsanalyse gegenmassnahmen amenazas menaces contre-mesures mitigaciones 威胁建模 脅威 hypotheses ranked critique
    wage_ab abwage* abzuwagen abwagen pricing_strategy experiment sample_size viability viabilidad proyecciones sensibilidad
    elabora elabore elaborez propose_une_architecture comparer optimieren tourenplanung redesign model_three funnel churn
    対策 改善案 评估 风险评估 迁移方案
    compare_in_depth literature_review en_detail sopesar 制定 影响
    analyse analyze analysis assess evaluate weigh review audit investigate optimise optimize diagnose forecast recommend
    recommendation strategy strategic trade-off* tradeoff* prioriti* rank benchmark
    analysier* bewert* pruf* beurteil* untersuch* abwag* optimier* empfehlung strategie* begutacht* diskutier*
    analiza analizar evalua evaluar estrategia optimiza recomienda sopesa investiga
    analyse* evalue* evaluer recommande examine etudie en_profondeur
    analise analisar avalie otimize recomende discuta analizza valuta strategia beoordeel przeanalizuj проанализируй оцени
    分析 优化 策略 权衡 建议方案 方案 检讨 評価 検討 比較検討 最適化 戦略 提案 분석 평가 حلل تحليل قيم استراتيجيه
    oceń zanalizuj zoptymalizuj analyseer evalueer optimaliseer analiz_et değerlendir optimize_et विश्लेषण मूल्यांकन анализ* оцените
    оптимизир* сравнительн* قيّم تقييم حلّل analizzami valutami ottimizza ottimizzare valutare analisa avaliar otimizar évalue_les
    analyser auswerten durchrechnen prüfe beurteile analizame evalúa evalúe renegotiate scrutinise scrutinize dissect 排查 论证 诊断 审查 调研
    検証 査定 診断して 見直し
    find_out_whether find_out_if causal* confound* attribution herausfinden_ob savoir_si_vraiment averiguar_si
    critically_evaluate critically_assess critically_discuss
    argument_on argument_for argument_against strongest_objections whether_llms argumento_a_favor plaidoyer`,
  /** Asking for reasons, care, every case. */
  depth: `all_steps alle_schritte todos_los_pasos toutes_les_etapes 所有步骤 途中の式 dependencies abhangigkeit* dependencias dependances 依赖关系 argumentier* argumenta argumente argumentez undefined_behaviour undefined_behavior zeitplan timeline
    second-order second_order step-by-step schrittweise zielkonflikt* compromisos
    sensitivity
    objections einwande objeciones
    quantitativ* hypotheses mitigations ranked order_of_steps several_exit in_welcher_reihenfolge en_que_orden methods hypothesen methoden arbeitspaket*
    deadlines_and_chances chances numbers phased time_windows zeitfenster* kosten sample_size power including schulungen datenschutz proyecciones sensibilidad delais
    recours modify modifiche 计算 评估 移行
    minimise minimize justify_your_choice optimal walk_through root_cause meilenstein* fuzz weighing lock-in consider taktisch rational*
    step_by_step in_depth in_detail detailed thorough* carefully rigorous* justify justified assumptions assumption break-even breakeven
    trade-off* tradeoff* scenario scenarios risks counter-argument* counterargument* alternatives each_decision consequences
    comprehensive exhaustive argue derive flaw roadmap propose fallback contingency edge_cases work_through
    schritt_fur_schritt ausfuhrlich begrund* annahmen szenari* risik* folgen abwagung* gegenuber* jede_entscheidung detailliert grundlich
    paso_a_paso detallad* justific* supuestos escenario* riesgos punto_de_equilibrio en_profundidad razonad*
    etape_par_etape en_detail detaille* justifi* scenario* risques seuil_de_rentabilite en_profondeur plan_de_retour chiffre calendrier
    passo_a_passo detalhad* justifique premissas cenario* riscos ponto_de_equilibrio trocas
    dettagliat* passo_dopo_passo scenari rischi
    详细 一步一步 论证 假设 风险 权衡 方案 表结构 策略 分析 段階的 詳細 根拠 リスク 前提 方針 観点 移行計画 テスト計画
    بالتفصيل افتراضات مخاطر المخاطر سيناريو* التعادل
    identification_strategy hypotheses_and in_what_order where_do_we_start prioritised prioritized constraints trade_offs
    failure_modes edge_case bottlenecks root-cause find_out_why what_to_renegotiate what_are_my_options how_should_i_proceed
    liabilities downtime bez_przestoj* uzasadnij ryzyk* krok_po_kroku onderbouw stap_voor_stap risico* gerekçe* riskler* adım_adım
    risk обоснуй риск* пошагов* по_шагам подробно विस्तार जोखिम rischi_e costi rischio motiva dettaglio passo_passo custos riscos_e
    detalhadamente cronograma justifica costes_y plazos previsiones a_fondo risques_et coûts délais détaillé étape_par risiken
    ohne_stillstand produktionsstillstand rechne_es begründe fristen 风险和 成本 步骤 时间表 里程碑 预算 利弊 法律风险 原因分析 怎么排查 突き止め 原因の 費用 スケジュール 手順 根拠を
    理由も
    work_through_the_numbers crunch_the_numbers run_the_numbers through_the_numbers haz_números faz_as_contas fais_le_calcul
    fai_i_conti
    critically critically_evaluate argument_that defend_a_position take_a_position steelman kritisch críticamente critique_l'argument
    критически 批判性
    vorgehen aufwand effort procedure démarche esfuerzo traps pitfalls fallstricke pièges insidie armadilhas`,
  law: `asset_deal share_deal warrant* garantien garantias garanties cession fiscal* consecuencias_fiscales consequences_fiscales
    cap_table resolution shareholder* dilution visas visados 签证
    租客 房租 起诉 证据 房东 押金 sue sues suing mould threatens_to_sue klage beweismittel* legal_strategy porter_plainte locataire inquilino tenant* evidence governance c-corp
    arbeitgeber* insolven* lohn* empleador concurso_de_acreedores employeur liquidee liquidation unpaid wages bankrupt* refuse_to_sign redline impago
    appeal denial denied denegacion denegado refus bescheid widerspruch* gutachten plazo* delai* allocation benefits pflegekasse pflegegrad contradictoire dependencia
    llc penalt* registrations indemnif* indemnify power_of_attorney attorney lawyer police vollmacht* strafrecht* zivilrecht* zivil- anwalt*
    notarial* penales civiles acciones_civiles abogad* notari* plainte avocat* advogad* avvocat*
    evict eviction evicted data_processing sub-processors lawsuit sue sued deadlines recours faute licencie entretien indemnites
    ausschlagen erbschaft mieter vermieter eigenbedarf vertragsstrafe franchising rechtlich* desahucio recurso despedido legali clausole
    裁员 赔偿 劳动合同 解雇予告 جريمه
    legally fiscal* juridi* frist* anspruch* kundigung* fiscalmente normativo* 法律 合同风险 aufenthaltstitel residence_permit
    legal law lawsuit contract clause clauses liab* court tenant tenancy lease landlord eviction employer dismissal dismissed severance
    copyright patent trademark inheritance testament probate custody divorce visa gdpr compliance jurisdiction statute non-compete
    shareholder agreement anti-dilution drag-along bad-leaver notice_period interest_balancing legitimate_interest rights
    recht* gesetz* vertrag* *vertrag* klausel* unwirksam paragraf* urteil* gericht* miet* kundigungsschutz haftung* erb* testament* pflichtteil*
    abmahnung* arbeitsrecht* dsgvo* betriebsstatte tochtergesellschaft anspruch* verjahr* schadensersatz gmbh steuerlich* widerruf*
    legal ley contrato* clausula* despid* despedi* indemnizacion improcedente nulo demanda herencia alquiler inquilino juicio
    loi contrat* clause* licenciement* indemnite* bail locataire proprietaire tribunal heritage juridique responsabilite sas sarl dividendes
    lei contrato* clausula* demissao indenizacao heranca inquilino processo legge contratto licenziamento eredita
    合同 法律 条款 起诉 劳动法 赔偿 遗产 离婚 侵权 契約 法律 訴訟 解雇 相続 法的 قانون عقد محكمه
    landlord_kept deposit small_claims statute_of_limitations breach breached nda non_compete noncompete non-disparagement indemnity
    liabilities warranty warranties negligence malpractice custody_battle alimony severance_package wrongful unfair_dismissal
    discrimination harassment at_fault injured settlement lawsuit_against suing_me eviction_notice notice_to_quit lien foreclosure
    bankruptcy chapter_7 immigration h1b green_card work_permit asylum trustee executor intestate abfindung
    aufhebungsvertrag* elternzeit kündigung* gekündigt räumung* mietminderung* kaution* nebenkostenabrechnung* widerspruchsfrist*
    einspruch* bußgeld* erbengemeinschaft* scheidung* sorgerecht* unterhalt* schmerzensgeld* gewährleistung* baja_médica fianza
    arrendador desahucio* prescripción denuncia custodia divorcio pensión_alimenticia herederos testamento sucesión finiquito multa
    recurrir prud'hommes préavis caution état_des_lieux pension_alimentaire héritiers succession associé associés litige
    mise_en_demeure prescription vice_caché licencié affitto sfratto cauzione licenziato separazione affidamento ricorso
    multa_per avvocato successione socio soci caução despejo demitido demissão pensão inventário herdeiros sócio ação_trabalhista
    processar umow* wypowiedzen* najem* kaucj* sąd* pozew* odszkodowan* spad* rozwod* alimenty zwolnil* ontslag* ontslagen
    huurcontract verhuurder erfenis scheiding sözleşme* kira kiracı dava* tazminat* işten miras boşanma avukat договор*
    суд* иск* увол* наследств* развод* алимент* арендодател* компенсац* штраф* юрист* взыска* срок_давности عقد_إيجار فصل_تعسفي تعويض
    ميراث طلاق دعوى محامي 竞业协议 补偿金 劳动仲裁 仲裁 违约金 违约 试用期 加班费 工伤 抚养权 诉讼 继承 遗嘱 租房合同 房租押金 解約 敷金 慰謝料 養育費 遺産 遺言 不当解雇 残業代 未払い 訴え 弁護士 損害賠償 해고 계약
    소송 मुकदमा किराया नोटिस
    preavviso datore dimissioni mi_spetta without_a_will inherits intestacy custody_of waiver terminate terminated layoff
    laid_off сокращени* уволил* 財産分与 名義 離婚 慰謝料を 相続人
    hearing owe_tax contractor citizen citizenship tax_residency tax_resident unterlassungserklärung* filesharing autónomo_o
    inspección_de_hacienda inspección
    motion motion_to_dismiss plaintiff defendant personal_jurisdiction cease_and_desist affidavit deposition enforceable
    enforceability overtime exempt misclassified klagebegründung klageerwiderung kündigungsschutzklage recurso_de_apelación demandado
    demandante
    last_will a_will my_will his_will her_will
    inherit inherited inheriting bankrupt retention_clause dépôt compromis_de_vente baugenehmigung* nachbarrecht* 继母 去世
    fired pregnant written_warning do_i_have_a_case echaron demando demandar despidieron garde_alternée jugement notarvertrag* 裁了 被裁
    工龄 赔多少 n+1 mon_ex my_ex
    have_a_case`,
  money: `tax_consequences earn-out
    margin profit losses p_l
    working_capital loan_covenant covenant savings subsid* forderung* subvencion* subvention*
    dcf wacc ebitda umsatz* ingresos margen marge wachstum crecimiento growth terminal
    equity vesting expected_value* erwartungswert* anteile owe 报酬
    churn cac gross_margin pricing revenue schulden sanierungsstau umsatz ebit bilanz* viabilidad facturacion chiffre_d_affaires 金额 融资
    mortgage pension tax taxes ira roth 401k index_fund dividends depreciation interest loan portfolio cash_flow break-even
    valuation investment salary insurance deduct* vat
    steuer* hypothek* zins* rente* brutto netto gehalt* kredit* versicherung* abschreibung* rendite* *steuer* *kredit* mehrwertsteuer
    impuesto* hipoteca* inflacion intereses nomina inversion prestamo rentabilidad costes punto_de_equilibrio etf fondo
    impot* hypotheque interets retraite salaire investissement pret cotisations tva rentabilite chiffre_d'affaires patrimoine
    imposto* hipoteca juros aposentadoria investimento emprestimo tasse mutuo interessi stipendio
    税 贷款 利率 养老金 投资 保险 股票 税金 住宅ローン 年金 投資 金利 ضريبه قرض استثمار فائده خطه_ماليه
    rsu rsus iso_options stock_options capital_gains 1099 freelance self-employed deductible rental refinance refinancing
    apr net_worth ipo series_a term_sheet safe_note runway burn_rate ltv arr mrr npv irr payback roi abfindung* freibetrag*
    freiberuflich* kapitalertrag* erbe schulden* mieteinnahmen* umschuldung* autónomo hacienda irpf plusvalía* herencia_de deuda*
    ahorros* impuestos autoentrepreneur plus-value* dette* épargne partita_iva forfettario debiti risparmi rendimento* dívida*
    poupança renda investir podatk* kredyt* oszczędn* hipotek* inwestow* belasting* hypotheek* spaargeld schuld* vergi* faiz* yatırım*
    borç* birikim* налог* кредит* ипотек* инвестиц* долг* накоплен* вклад* कर टैक्स लोन निवेश ब्याज ضرائب قروض رهن مدخرات استثمر 股权 期权
    房贷 个税 存款 负债 年化 理财 確定申告 控除 貯金 借金 利回り 相続税 세금 대출 투자
    ローン 頭金 sasu auto-entreprise ca_annuel chiffre_les
    owe_tax file_taxes ingresos_y gastos
    income incomes filing_jointly file_jointly loans student_loans sueldo ingreso revenus reddito rendimento
    retire retired retiring early_retirement draw_down ruhestand* jubilar* jubilación partir_à_la_retraite pensionarsi aposentar*
    emerytur* pensioen* emekli* пенси* 退休 老後 은퇴
    debt debts emergency_fund fund funds selling_our_company sell_our_company prepaid`,
  /** Whole undertakings. */
  venture: `financial_model finanzplan* finanzmodell* modelo_financiero modele_financier retirement_plan altersvorsorge* plan_de_jubilacion business_model 财务模型
    threat_model
    bedrohungsanalyse grant_proposal forderantrag* modelo_de_amenazas analyse_de_menaces 威胁建模 脅威モデル methodology work_packages 전략* 마케팅
    pricing_strategy migration_plan feasibility viability_study konzept umstellung tourenplanung bus_network grid plan_de_viabilidad plan_de_viabilite etude_de_marche
    market_entry scaling_strategy onboarding experiment 改造 迁移方案
    literature_review business_case *strategie* *strategy* kpis milestones meilenstein* contingency_plan plan_de_contingencia supply_chain 供应链 应对方案 三年
    business_plan go-to-market roster rota shifts migration infrastructure strategy policy curriculum thesis dissertation
    research_plan merger acquisition reorganisation restructuring architecture budget
    geschaftsplan businessplan dienstplan schichtplan migration* strategie* standort masterarbeit
    plan_de_negocio* estrategia tesis migracion reestructuracion plan_financiero
    plan_d'affaires strategie memoire these
    plano_de_negocio* tese piano_aziendale strategia
    商业计划 战略 迁移 排班 论文 事業計画 移行 シフト表 戦略 خطه_عمل خطه_ماليه
    go_to_market gtm market_analysis competitive_analysis product_roadmap rollout change_management due_diligence turnaround
    digital_transformation disaster_recovery_plan incident_response business_continuity capacity_plan hiring_plan fundraising
    pitch_deck research_proposal study_design systematic_review meta-analysis randomized experiment_design plan_badawcz* biznesplan*
    plan_biznesowy migracj* strategi* migratieplan* ondernemingsplan* marktanalyse* onderzoeksplan* iş_planı göç_planı strateji*
    araştırma_planı бизнес-план* план_миграци* миграци* стратеги* план_исследован* व्यवसाय_योजना बिज़नेस_प्लान रणनीति خطة_عمل خطة_هجرة
    استراتيجية دراسة_جدوى plan_de_migración plan_de_marketing plan_de_investigación plan_de_migration plan_marketing plan_de_recherche
    plan_de_trésorerie piano_di_migrazione piano_di_ricerca business_plan_per piano_marketing plano_de_migração plano_de_marketing
    plano_de_pesquisa migrationsplan* forschungsplan* forschungsdesign* notfallplan* einführungsplan* markteintritt*
    wettbewerbsanalyse* 迁移计划 研究计划 研究方案 市场策略 创业计划 实施方案 可行性 应急预案 扩张 移行計画 研究計画 マーケティング戦略 経営計画 사업계획 마이그레이션
    tournées tourenplan* rutas_de_reparto delivery_routes vehicle_routing giri_di_consegna rotas_de_entrega exam_schedule`,
  /** Somebody speaks of their own matter. */
  mine: `my i me i'm i've we our us mein meine meinem meinen meiner ich mir mich wir uns unser unsere mi mis nos nuestro nuestra tengo tenemos mon ma mes je j'ai
    nous notre mio mia miei mie ho abbiamo meu minha meus minhas eu tenho temos мой моя моё мне меня мной я мы нас у_меня mój moja moje mnie mam mamy
    mijn ik wij ons benim bana biz beni मेरा मेरी मेरे मैं मुझे हम 我 我们 我家 我的 私 うち 弊社 わたし انا لدي نحن عندي 저는 제가 우리
    we're we've i'd i'll ich_habe wir_haben on_a`,
  /** Words that bind a plan. */
  bound: `twice_in_a_row back_to_back
    at_least at_most no_more_than nobody everyone every each without under only must except unless within maximum minimum total
    mindestens hochstens ohne unter nur muss mussen ausser jeder jede jedes innerhalb maximal niemand
    al_menos como_maximo sin menos_de solo debe cada excepto dentro maximo nadie
    au_moins au_plus sans moins_de seulement doit chaque sauf dans_la_limite personne
    pelo_menos no_maximo sem somente deve exceto almeno senza ogni
    至少 最多 不超过 必须 每 除了 以内 少なくとも 以下 必ず 各 على_الاقل بدون يجب كل
    przynajmniej maksymalnie każdy nikt bez tylko minstens hoogstens elke zonder alleen en_az en_fazla her hiçbir olmadan sadece
    не_более не_менее каждый никто без только минимум максимум कम_से_कम अधिकतम हर बिना almeno_un al_massimo nessuno entro cada_um
    ninguém less_than exactly must_not can't_work cannot_work never in_a_row alternate fairly gleichmäßig
    mustn't darf_nicht dürfen_nicht no_pueden no_puede ne_doit_pas ne_doivent_pas non_deve non_devono não_pode não_podem нельзя
    не_должен должен nie_może musi mag_niet moet`,
}
