/** Words that ask: for a fact, a way, a reason, advice, another form of a text, something to be done. Spelled as `words.ts` says. */

export const askWords = {
  /** Asks for something to be made or given, without saying what. */
  request: `fais faites faz_uma fammi help_me hilf_mir mach_mir mach_aus
    i_need we_need help_with ayudas ayudame aider aidez ajudar ajuda aiutami turn make_me imagine elabora elabore elaborer zusammenstell* stell_mir me_ajuda me_ayudas calculate work_out
    give suggest recommend need want propose create make find list show help i'd_like show_me tell_me provide generate prepare
    gib brauche mochte schlag empfiehl nenne zeig hilf mach such erstell* bereite will wollen
    dame necesito quiero propon recomiendame sugiere ayuda hazme prepara busca quisiera
    donne-moi donne propose suggere recommande besoin aide prepare cherche voudrais veux
    preciso quero sugira me_de recomende ajuda prepare dammi vorrei suggerisci geef wil
    给我 推荐 需要 想要 制定 准备 列出 ください 欲しい たい 提案 اريد اعطني اقترح ساعدني дай нужен хочу`,
  /** Hand on, note, switch: nothing is to be thought out. */
  transport: `archive file_this turn_it_down turn_it_up turn_it_off turn_it_on archivier* archiva archive_ca
    acknowledge repeat read copy echo wiederhole kopier repite lee repete lis repita leia 重复 確認
    forward reply answer respond say tell send pass_on remind reminder alarm timer wake add put note save delete remove call text ping
    turn_on turn_off switch play stop pause mute book cancel confirm
    leite weiterleiten leit antworte antwort sag sage sende schick schicke erinnere erinner weckt wecker stell stelle setz setze fuge trag
    trage losch speicher notier merk ruf mach_an schalte bestatig
    reenvia reenvialo responde contesta di dile diles manda envia recuerdame pon anade agrega apunta borra llama apaga enciende confirma
    transfere transfere-le transmets reponds dis dis-lui envoie rappelle-moi rappelle mets ajoute note supprime appelle allume eteins confirme
    encaminhe responda diga envie mande lembre adicione coloque anote apague ligue desligue confirme
    inoltra rispondi manda ricordami aggiungi metti cancella chiama
    stuur antwoord zeg herinner zet voeg
    转发 回复 告诉 发给 提醒 设置闹钟 添加 加到 打开 关闭 转告 記入 転送 返信 伝えて 送って 追加 リマインド アラーム 消して つけて
    ارسل اخبر ذكرني اضف قل حول رد напомни отправь перешли добавь ответь`,
  /** One fact that is known or stands in the text. */
  lookup: `time_difference link size sizes colour colours color colors
    opening_hours hours name_of offnungszeiten horarios horario horaires
    wie_heisst como_se_llama comment_s'appelle 叫什么
     amount error_time se_llama como_te_llamas 吃什么
    hoe_laat
    phone_number telefonnummer telefono adresse address
    when where who whom whose how_many how_much how_old how_tall how_high how_far how_long how_big what_time what_day which_day capital
    weather open close date price population currency
    wann wo wer wen wieviel wie_viel wie_viele wie_spat wie_alt wie_hoch wie_weit wie_lange wie_gross welcher_tag hauptstadt wetter uhr preis
    cuando donde quien cuanto cuanta cuantos cuantas a_que_hora capital tiempo_hace precio moneda
    quand ou qui combien quelle_heure a_quelle_heure capitale meteo prix
    quando onde quem quanto quanta quantos quantas que_horas moeda preco capital dove chi quanti che_ora
    wanneer waar hoeveel kiedy gdzie kto ile когда где кто сколько
    几点 什么时候 多少 哪里 哪儿 谁 几个 天气 首都 何時 いつ どこ 誰 いくら 天気 首都 언제 어디 누구 متى اين من كم عاصمه`,
  /** A word, a sentence, a spelling. */
  quick: `witz chiste blague joke piada barzelletta
    mean means meaning translate translation spell spelling spelled define definition typo lowercase uppercase lower_case upper_case
    pronounce synonym how_do_you_say how_do_i_say proofread
    heisst bedeutet ubersetz* rechtschreibung synonym buchstabier* korrigier*
    traduce traducir traduccion significa como_se_dice deletrea corrige sinonimo
    traduis traduire traduction signifie veut_dire comment_dit-on comment_on_dit se_dit orthographe corrige
    traduza traduzir significa como_se_diz corrija traduci significa come_si_dice vertaal betekent
    翻译 怎么说 什么意思 改错 翻訳 訳して 意味 何と言い 번역 ترجم معني معنى переведи значит`,
  translate: `translate translation ubersetz* traduce traducir traduccion traduis traduire traduction traduza traduzir traduci vertaal
    翻译 翻訳 訳して 번역 ترجم переведи`,
  /** Another form of what is given. */
  transform: `convert scale extract reformat format sort classify categorise categorize tidy clean_up highlight list anonymise shorten
    wandle umwandeln extrahier* formatier* sortier* ordne convierte extrae ordena convertis extrais classe converta extraia ordene converti estrai
    转换 提取 整理 排序 変換 抽出 整理 حول استخرج`,
  /** Asks what something is. */
  what: `what what's which was welche welcher welches que cual cuales quel quelle quels quelles quoi qu'est-ce o_que qual quais che cosa_e quale wat welke что какой какие co jaki
    什么 哪些 何が 何を どんな ما ماذا 무엇 뭐`,
  /** Asks for all of several. */
  whatmany: `welche quels quelles cuales quais quali 哪些
    what_are what_kind what_kinds was_sind welche_sind cuales_son que_son quels_sont quelles_sont quais_sao quali_sono wat_zijn 有哪些 是什么`,
  /** Asks for reasons. */
  why: `why how_come warum wieso weshalb por_que pourquoi perche waarom dlaczego почему neden 为什么 为何 なぜ どうして 왜 لماذا`,
  /** Asks for a way. */
  how: `worauf どう
    como_se_hace come_si_prepara 방법 알려줘
    come_posso come_si come_faccio come_funziona
    how wie como comment hoe jak как nasil 怎么 怎样 如何 どうやって どうすれば 어떻게 كيف`,
  /** Asks what would be good. */
  advice: `the_best
    bad_for good_for healthy unhealthy harmful dangerous is_it_safe suitable how_can_i how_do_i how_should_i how_could_i how_can_we
    gesund ungesund schadlich gefahrlich geeignet wie_kann_ich wie_soll_ich es_malo es_bueno sano malsano peligroso como_puedo
    mauvais_pour bon_pour dangereux comment_puis-je comment_faire faz_mal perigoso fa_male ばいい ばいいですか 适合 有害 健康吗 вредно ضار
    help_against helps_against helfen_gegen gut_gegen contra_el contre_le remedy remedies hausmittel remedio*
    做什么
    do_i_need_for kann_man puedo_hacer_con que_puedo peut-on peut_on si_puo posso_fazer 可以做什么 可以做 作れます 何が作れ arguments argumente argumentos
    could_i could_it might_it might_be what_if if_i good_way best_way better help_me_decide gift gifts what_to ought worth_it
    konnte konnte_ich woran_kann soll_ich sollen_wir geschenk geschenke besten was_tun
    que_regalo regalo regalos mejor_manera que_hago que_hacer cadeau cadeaux que_faire comment_bien meilleur meilleure presente presentes melhor 准备 送什么 コツ ヒント 보통 نصيحه
    should recommend recommends recommendations suggest suggests suggestions advice advise tips some_good good_ideas ideas normal what_could what_can_i
    what_do_i need_to_know worth generate brainstorm
    soll sollte sollten empfiehl empfehl* tipps ideen normal kann_ich_tun brauche_ich welche_unterlagen vorschlag*
    deberia recomienda recomiendas recomiendame consejos ideas puedo_hacer necesito_para sugiere merece
    devrais recommande conseils conseille idees faut-il que_faire propose suggere vaut-il
    devo recomenda dicas ideias o_que_fazer dovrei consigli consiglia zou_ik советы посоветуй
    推荐 建议 怎么办 应该 推薦 おすすめ すすめ アドバイス 考えて どうしたら 추천 نصائح انصحني`,
  /** Several things are to be thought up. */
  give: `help_me prepare_me preparame bereite_mich aide-moi_a ayudame_a me_ajude_a aiutami_a
    give_me give_us recommend suggest brainstorm list_some name_three
    gib_mir gib_uns nenne nenn empfiehl empfehlen schlag_mir dame danos recomiendame recomienda donne-moi donne conseille-moi conseille me_de de-me dammi consigliami
    推荐 给我 列举 おすすめ 推薦 اقترح اعطني посоветуй назови 추천`,
  explain: `help_me_understand i_want_to_understand صف
    symptom* sintoma* side_effects effects benefits reasons substitute substitutes ways_to rules_of caused introduction overview keyword plot_of history_of do_i_begin do_i_start get_started
    symptome* auswirkung* grunde nebenwirkung* ersatz verursacht ausgelost einfuhrung uberblick hilft_gegen wo_fange_ich wie_gehe_ich fange_ich_an gehe_ich_vor
    efectos beneficios razones sustituto introduccion causo por_donde_empiezo symptomes effets bienfaits raisons remplacer par_ou_commencer
    efeitos beneficios motivos sintomi effetti motivi por_onde_comeco da_dove_inizio 症状 原因 影响因素 入门 始めればいい 何から 効果 原因 اعراض اسباب 이유 증상
    causes cause what_happens worin woran wodurch womit wozu wofur inwiefern was_passiert was_bedeutet_es que_pasa que_ocurre que_se_passe que_faire
    a_quoi_sert en_quoi_consiste o_que_acontece cosa_succede 规则 什么是 とは 방법
    explain* describe teach clarify elaborate walk_me_through
    erklar* beschreib* erlauter* funktioniert
    explica* describe* como_funciona ensename
    expliqu* decris decrire fonctionne comment_fonctionne
    expliqu* descreva como_funciona spiega* come_funziona
    leg_uit hoe_werkt wyjasnij объясни* acikla
    解释 说明 原理 介绍一下 説明 解説 仕組み 方法 教えて 설명
    اشرح وضح `,
  summarise: `glieder* esquematiza
    short_summary zusammenfassung sumario en_bref 简述
    summari* summary condense tldr tl;dr recap key_points boil_down outline zusammenfass* fass fasse zusammen kurzfassung stichpunkt*
    resume resumir resumen resumeme sintetiza resume resumer resumez synthese synthetise resuma resumo riassumi riassunto vat_samen
    总结 概括 摘要 要点 归纳 要約 まとめて 요약 لخص تلخيص резюме кратко`,
  compare: `is_better es_mejor ist_besser est_mieux better_to cheaper_to e_melhor e_meglio better_for besser_fur is_it_cheaper
    compare comparison difference differences versus vs pros cons advantages disadvantages
    vergleich* unterschied* vorteile nachteile gegenuber
    compara comparar diferencia diferencias ventajas desventajas
    compare* difference avantages inconvenients diferenca* comparar compare vantagens differenza confronta verschil
    比较 区别 对比 优缺点 哪个好 比較 違い どちら 비교 차이 قارن الفرق сравни разница`,
}
