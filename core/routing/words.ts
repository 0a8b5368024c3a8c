/**
 * Words that tell what a request is about, in the languages that people write to the gateway. `stem*` fits every word that begins so,
 * `*stem*` every long word that holds it (German compounds), `two_words` a phrase. Knows no grammar and weighs nothing.
 */

/** Kinds of words. One word may be of several. */
export const wordKinds = [
  "whatmany",
  "what",
  "give",
  "transform",
  "it",
  "social",
  "gratitude",
  "polite",
  "request",
  "assent",
  "transport",
  "lookup",
  "quick",
  "translate",
  "explain",
  "why",
  "how",
  "advice",
  "compose",
  "text",
  "summarise",
  "compare",
  "plan",
  "trouble",
  "snippet",
  "software",
  "quality",
  "hard",
  "build",
  "engineer",
  "craft",
  "prove",
  "show",
  "maths",
  "theory",
  "riddle",
  "analyse",
  "depth",
  "law",
  "money",
  "venture",
  "bound",
  "follow",
  "pointer",
  "reshape",
] as const
export type WordKind = (typeof wordKinds)[number]

/** Words that an order or a request begins with. */
export const orderKinds: readonly WordKind[] = [
  "request",
  "transport",
  "give",
  "transform",
  "translate",
  "explain",
  "why",
  "how",
  "advice",
  "compose",
  "summarise",
  "compare",
  "plan",
  "build",
  "engineer",
  "prove",
  "show",
  "analyse",
]

export const words: Readonly<Record<WordKind, string>> = {
  /** Greetings, thanks, agreement, partings, joy: what a conversation begins and ends with. */
  social: `how_are_you how's_it_going how_is_it_going what's_up good_night happy_birthday
    wie_geht's wie_geht_es_dir wie_geht_es_ihnen alles_gute como_estas como_esta que_tal feliz_cumpleanos jajaja ca_va comment_ca_va
    comment_allez-vous joyeux_anniversaire como_vai como_voce_esta come_stai come_va как_дела nasilsin
    お疲れ様
    hi hello hey heya hiya yo greetings morning afternoon evening night welcome thanks thank thx ty cheers bye goodbye cya
    sure yes yep yeah no nope ok okay okey k alright perfect great cool nice awesome wonderful lovely fine super good sorry congrats
    congratulations haha lol hehe wow deal agreed done understood noted gotcha later tomorrow tonight soon sounds_good sounds_great see_you
    hallo moin servus guten tag abend morgen gruss gruesse danke dankeschon vielen dank ja nein klar passt prima toll gut gerne tschuss
    tschuess bis_dann bis_morgen bis_spater alles_klar einverstanden genau stimmt schade das_wars
    hola buenas buenos dias tardes noches gracias muchas vale si claro perfecto genial bien adios hasta luego manana de_nada encantada
    encantado saludos bueno eres_un_sol
    salut bonjour bonsoir coucou merci beaucoup oui non daccord d'accord parfait super entendu bonne soiree journee a_demain au_revoir
    bisous genial tres_bien bien ca_va je_note
    oi ola bom dia boa tarde noite obrigado obrigada sim nao certo perfeito otimo beleza tchau tudo_bem valeu ate_logo
    ciao salve buongiorno buonasera grazie mille si perfetto va_bene arrivederci prego
    hoi dag bedankt dankjewel goedemorgen prima doei ja nee
    dzien dobry czesc dziekuje tak super privet привет здравствуйте спасибо да нет хорошо отлично пока merhaba selam tesekkurler evet tamam
    hej tack tak takk
    你好 您好 谢谢 多谢 好的 好吧 再见 明天见 晚安 早上好 没问题 可以 嗯 行 太好了 辛苦了 收到
    こんにちは こんばんは おはよう ありがとう はい うん いいえ 了解 お願い 助かりました さようなら おやすみ よろしく わかりました
    안녕 감사 고마워 네 좋아
    مرحبا السلام اهلا شكرا جزيلا نعم لا حسنا تمام صباح مساء الخير ممتاز`,
  /** Thanks: what follows them tells what they are for. */
  gratitude: `thanks thank_you thank thx ty cheers danke dankeschon vielen_dank herzlichen_dank gracias muchas_gracias merci merci_beaucoup
    obrigado obrigada grazie bedankt dank_je спасибо dziekuje tesekkurler 谢谢 多谢 感谢 ありがとう 感謝 감사 고마워* شكرا`,
  /** What stands before an order and says nothing itself. */
  polite: `please kindly just can_you could_you would_you will_you can_i_have could_i_have i_need_you_to i_want_you_to could_someone ok hey hi
    bitte kannst_du konntest_du konnen_sie konnten_sie wurdest_du mal eben einfach kurz ich_mochte_dass_du mir uns doch
    por_favor puedes podrias puede podria me nos solo oye hola
    s'il_te_plait s'il_vous_plait stp svp peux-tu pourrais-tu pouvez-vous pourriez-vous tu_peux vous_pouvez moi juste
    voce_pode pode poderia puoi potresti per_favore mi kun_je alsjeblieft пожалуйста proszę lutfen
    请 请你 帮我 帮忙 麻烦 能不能 可以帮我 我想让你 من_فضلك هل_يمكنك لو_سمحت`,
  /** Asks for something to be made or given, without saying what. */
  request: `fais faites faz_uma fammi help_me hilf_mir mach_mir mach_aus
    i_need we_need help_with ayudas ayudame aider aidez ajudar ajuda aiutami turn make_me imagine elabora elabore elaborer zusammenstell* stell_mir me_ajuda me_ayudas calculate work_out
    give suggest recommend need want propose create make find list show help i'd_like show_me tell_me provide generate prepare
    gib brauche mochte schlag empfiehl nenne zeig hilf mach such erstell* bereite will wollen
    dame necesito quiero propon recomiendame sugiere ayuda hazme prepara busca quisiera
    donne-moi donne propose suggere recommande besoin aide prepare cherche voudrais veux
    preciso quero sugira me_de recomende ajuda prepare dammi vorrei suggerisci geef wil
    给我 推荐 需要 想要 制定 准备 列出 ください 欲しい たい 提案 اريد اعطني اقترح ساعدني дай нужен хочу`,
  /** "Do it", said to an offer. */
  assent: `yes yep yeah ok okay sure go_ahead do_it do_that ja klar gerne mach_das los si claro adelante hazlo oui vas-y vas_y fais-le
    sim pode claro faca va_bene fallo 好的 好 可以 是的 行 はい うん お願い 네 نعم حسنا تفضل да давай`,
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
  /** Making sentences for somebody. */
  compose: `erzahl* cuentame raconte-moi conte-moi me_conte raccontami расскажи 讲一个 讲个 お話 話をして احك
    make_up denk_dir ausdenk* think_up inventa
    improve polish edit proofread continue_this continue_the setze_die verbesser* mejora mejorar ameliore ameliorer melhore migliora 润色 改进 添削
    写一个 写一段 写一首
    writing drafting craft
    escrib* redact* redig* ecri* escrev* redij* scriv* imagine invent* verse compon* 写一 写个 帮我写 編集
    써줘 써
    write draft compose formulate rephrase rewrite reword phrase wording
    schreib* formulier* verfass* entwirf umformulier*
    escribe escribeme redacta escriba redactame
    ecris redige rediger reformule formule
    escreva redija escreve scrivi redigi schrijf napisz напиши yaz
    写 撰写 起草 改写 润色 書いて 作成して 書き直 써줘 اكتب صغ напиши`,
  /** Several things are to be thought up. */
  give: `help_me prepare_me preparame bereite_mich aide-moi_a ayudame_a me_ajude_a aiutami_a
    give_me give_us recommend suggest brainstorm list_some name_three
    gib_mir gib_uns nenne nenn empfiehl empfehlen schlag_mir dame danos recomiendame recomienda donne-moi donne conseille-moi conseille me_de de-me dammi consigliami
    推荐 给我 列举 おすすめ 推薦 اقترح اعطني посоветуй назови 추천`,
  /** What sentences are made for. */
  text: `fairy_tale fairytale marchen conte fabula fable name_for catchy namen_fur nombre_para nom_pour names_for
    toast caption opening_line thank-you_note thank_you_note remark remarks icebreaker* tagline headline bedtime_story novel dialogue scene monologue
    taufrede dankeskarte grusskarte gutenachtgeschichte mot_de_remerciement remerciement* histoire* mensaje* felicitacion* mensagem parabens brindis palabras
    поздравление 睡前故事 笑话 祝词
    haiku limerick tweet linkedin lyrics 一首 一篇 一封 一段 诗 信 自己紹介文 이메일* 편지* 사과문* 글
    email e-mail mail letter speech toast poem story essay article blog post message text caption invitation description announcement
    complaint apology cover_letter resume cv bio slogan song rhyme review invite newsletter reference obituary eulogy wish wishes
    brief email anschreiben bewerbung absage rede gedicht geschichte text nachricht einladung beschwerde kundigung* entschuldigung aufsatz
    beschreibung glueckwunsch gluckwunsch* karte zeugnis
    carta correo discurso poema cuento texto mensaje invitacion queja felicitacion reclamacion redaccion
    lettre courriel mail discours poeme histoire texte message invitation reclamation annonce resiliation
    carta e-mail discurso poema historia texto mensagem convite reclamacao lettera discorso poesia messaggio brief toespraak
    邮件 信 文章 演讲 诗 故事 文案 介绍 通知 祝福 作文 メール 手紙 スピーチ 詩 物語 文章 挨拶 お詫び رساله خطاب قصيده قصه письмо речь`,
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
  /** Ordering one's days, meals, training. */
  plan: `putzplan* wochenplan* haushaltsplan* essensplan* ernahrungsplan* packliste move_from umzug* mudanza demenagement mudanca trasloco 搬到 引っ越し
    exercises ubungen ejercicios exercices chart checklist checkliste
    weekend romantic honeymoon liste_de_courses lista_de_la_compra einkaufsliste_fur
    party packing_list birthday feier party fiesta fete festa おかず 弁当
    plan itinerary schedule timetable menu dinners meals recipe* cook training workout programme roster rota curriculum trip route budget
    ideas organise organize suggestions study_plan
    plan plane planen reise* route speiseplan menu rezept* koch* trainingsplan lernplan dienstplan stundenplan ausflug ideen organisier*
    planifica plan itinerario menu receta* cocinar rutina entrenamiento viaje ideas organiza
    planifie programme itineraire menu* recette* cuisiner entrainement voyage organise idees emploi_du_temps
    planeje roteiro cardapio receita* cozinhar treino viagem plano piano itinerario ricetta
    计划 行程 菜单 食谱 训练 安排 旅行 排班 計画 献立 レシピ 旅行 日程 계획 خطه رحله وصفه план рецепт`,
  /** Everyday faults. */
  trouble: `grinding noise squeaks quietscht knackt tropft leckt fiept ruckelt gerausch* ruido fuga bruit fuit barulho rumore se_corta 噪音 异响
    broken fails failing failed error errors crash* offline stuck slow freezes disconnects wrong won't doesn't isn't not_working bug
    undefined nan null exception keeps leak* blinking flat
    kaputt fehler* absturz* offline hangt geht_nicht funktioniert_nicht bricht reagiert_nicht undicht langsam
    error fallo falla no_funciona roto averia* se_apaga lento
    erreur panne coupe bloque marche_pas lent verifier erro nao_funciona travando quebrado errore guasto
    报错 错误 坏了 不能用 死机 故障 エラー 動かない 故障 壊れ 固まる خطا عطل لا_يعمل ошибка сломал*`,
  /** One piece of code. */
  snippet: `sql_query sql-abfrage consulta_sql requete_sql sql_script sql-script
    dockerfile makefile cron config yaml converter programm programa programme_qui todo_list calculator undo git commit sort sorting reverse_a 冒泡排序 排序 umrechnet umrechner
    binary_search bubble_sort quicksort fizzbuzz fibonacci palindrome factorial linked_list calculator stopwatch one-liner button
    center_a_div unit_tests_for_a palindrom taschenrechner palindromo calculadora
    function script regex regexp regular_expression query formula macro snippet loop bash command one-liner method
    component excel spreadsheet
    funktion skript abfrage formel regularer makro schleife
    funcion formula consulta macro bucle expresion_regular
    fonction requete formule boucle expression_reguliere
    funcao formula consulta planilha funzione
    函数 脚本 正则 公式 查询 代码 関数 スクリプト 正規表現 数式 クエリ داله صيغه функци*`,
  /** Software that has parts. */
  software: `  store_backend 商城 网店 アプリ一式
    bot bots ios_app android_app slack_bot discord_bot plugin extension
    *verwaltungssystem* *buchungssystem* *managementsystem* *kassensystem* *warteschlangensystem* *informationssystem*
    system webshop online_shop e-commerce web_shop operator server game_server chess_engine mobile_app application_mobile app_movil type_checker
    tienda_online boutique_en_ligne loja_virtual
    api apis app apps application backend frontend server compiler interpreter engine platform microservice* service services database
    schema website webapp web_app game tetris chatbot bot library framework cli pipeline protocol architecture infrastructure monolith
    crawler parser operating_system kernel saas marketplace crud dashboard module modules cluster
    anwendung webanwendung datenbank* schnittstelle* architektur plattform spiel buchungssystem *software* *plattform*
    aplicacion servidor base_de_datos plataforma sistema compilador motor arquitectura microservicios juego
    application serveur base_de_donnees plateforme systeme compilateur moteur architecture infrastructure jeu logiciel
    aplicativo servidor banco_de_dados plataforma sistema arquitetura microsservicos jogo applicazione piattaforma sistema
    applicatie aplikacj* приложен* сервер* систем* uygulama
    系统 应用 程序 平台 数据库 接口 架构 服务器 编译器 引擎 游戏 框架 微服务 小程序 网站
    システム アプリ データベース サーバ サービス アーキテクチャ コンパイラ ゲーム プラットフォーム キャッシュ
    نظام تطبيق منصه خادم قاعده_بيانات`,
  /** What software is asked to hold to: each is a demand of its own. */
  quality: `undefined_behaviour undefined_behavior zero-cost idiomatic graphql subscriptions subscription_api reconnection 鉴权 キャッシュ
    crud full-stack auth_flow
    comments etl workers duplicates nightly keyerror typeerror stacktrace stack_trace speed
    monitorizacion supervision uberwachung wiederholungen reintentos reprises widgets icloud canary automatic_rollback monitoramento
    p99 tls cpu throughput timeout* multithread* index indexes rows performance faster benchmark* 断点续传 并发下载 性能 パフォーマンス 性能テスト leistungstest* rendimiento
    thread-safe threadsafe memory_model leader_election metrics e2e pkce refresh_token netcode oauth2 access_control backups back_up real-time realtime
    cart checkout warenkorb benutzerkonten zahlung zahlungen login_seite carrito control_de_acceso pruebas_de_integracion inventario integracion
    geolocalisation messagerie panier compte* relatorios testes_automatizados controle_de_acesso
    权限 备份 审计 决済 認証 نسخ_احتياطي النسخ التدقيق الصلاحيات المصادقه тест* авторизац* шифрован* сквозн*
    authentication auth login jwt oauth authorization rate_limit* limiting tests test testing unit_tests encryption encrypted end-to-end
    offline offline-first sync synchroni* conflict* concurren* thread threads thread-safe thread_safety race races deadlock* transaction*
    idempoten* retries retry audit logging roles permissions scalab* scale latency observability monitoring multi-tenant* cache caching ttl
    queue queues kubernetes docker ci cd deployment deploy migration rollback zero-downtime consistency availability sharding replication
    failover backup reconnect* anti-cheat matchmaking load_test indexing ranking generics payments stripe admin webhook* pagination validation
    bottleneck* memory_leak security vulnerab* injection xss csrf gdpr postgres sqlite redis websocket* complexity
    authentifizierung tests verschlussel* rechteverwaltung mandanten* zahlungsabwicklung skalier* transaktion* nebenlauf* offline-modus
    protokoll* testkonzept datenmodell* highscore touch-steuerung pausemodus benutzerverwaltung wiederherstell* *schutz* *konform*
    autenticacion pruebas cifrado pagos roles sincronizacion escalab* concurrencia registro_de_usuarios panel_de_administracion
    authentification tests chiffrement paiement* roles synchronisation journal_d'audit mise_a_l'echelle lexical syntaxique concurrence
    autenticacao testes criptografia pagamentos sincronizacao filas estoque observabilidade consistencia disponibilidade autenticazione
    并发 事务 缓存 测试 单元测试 压测 一致性 超卖 权限 加密 崩溃恢复 高可用 容灾 秒杀 登录 支付 限流 日志 表结构
    権限 監査 ログ テスト 認証 暗号 同期 オフライン 一貫性 障害 拡張性 複数 トランザクション データモデル 排他
    مصادقه تشفير اختبار* مزامنه صلاحيات`,
  /** Software that few write well. */
  hard: `lock_free lockfrei* ring_buffer ringpuffer* wal write-ahead
    emulator emulateur emulador sql_engine sql引擎 sqlエンジン
    raytracer ray_tracer raytracing multithread* trazador_de_rayos lanceur_de_rayons b+ tolerante_a_fallos tolerante_aux_pannes tolerant_aux_pannes レイトレーサー
    type_checker lambda_calculus chess_engine ray_tracer raytracer blockchain netcode virtual_machine bytecode jit load_balancer message_broker key-value
    search_engine game_server operating_system leader_election rollback exactly-once zero-copy simd gpu cuda proof_assistant alpha-beta unification
    downtime ausfallzeit indisponibilite memory_model suchmaschine moteur_de_recherche motor_de_busqueda 并发 LRU 搜索引擎
    distributed lock-free lockfree consensus raft paxos b-tree btree red-black garbage_collector allocator fault-tolerant high_availability
    multi-region failover acid crdt compiler interpreter kernel scheduler oom* root_cause under_load deadlock* race_condition* heisenbug
    verteilt* b-baum rot-schwarz* speicherverwaltung hochverfugbar* ausfallsicher* ursache
    distribuid* alta_disponibilidad tolerante concurrente recolector distribue* haute_disponibilite ramasse-miettes tolerant
    distribuito alta_disponibilita распределенн* отказоустойчив*
    分布式 高可用 容灾 红黑树 幂等 故障转移 无锁 分散 冗長 ガベージ 모분산 موزع* التوسع`,
  build: `hazme fais-moi bau_mir mach_mir_eine construct konstruiere construis construye_una
    crear hacer construir programar creer_une creer_un faire_un criar fazer desenvolver creare costruire erstellen bauen programmieren umsetzen
    set_up setting_up 制作 作る
    build implement create develop design write program code make refactor migrate port architect engineer extend
    bau baue implementier* erstell* entwickl* entwirf programmier* konzipier* schreib* migrier* refaktorier*
    construye implementa crea desarrolla disena programa haz escribe migra refactoriza
    construis implemente implementer cree creer developpe developper concois concevoir ecris programme realise migre
    construa implemente crie desenvolva projete programe faca escreva sviluppa progetta crea implementa scrivi costruisci
    bouw ontwerp ontwikkel maak schrijf zaprojektuj napisz stworz создай разработай спроектируй реализуй напиши gelistir tasarla
    设计 实现 开发 编写 构建 搭建 重构 写 写一个 做一个 設計 実装 開発 構築 作って 作成 書いて 설계 구현 개발 صمم طور ابن برمج انشئ`,
  /** Making what must be thought out before it is made. */
  engineer: `disenar* concev* entwerfen designed architecting
    수립* 설계* 구현* 개발*
    implement* disena* desarroll* desenvolv* umsetzung entwick* desig developing designing implementing
    design implement architect engineer develop devise
    entwirf entwickl* implementier* konzipier* architekt*
    disena disename implementa desarrolla concois concevez implemente implementez developpe developpez
    projete desenvolva implemente progetta sviluppa implementa ontwerp ontwikkel implementeer zaprojektuj zaimplementuj
    спроектируй разработай реализуй tasarla gelistir 设计 实现 开发 構築 設計 実装 開発 설계 구현 개발 صمم طور نفذ`,
  /** Things that are designed without being software. */
  craft: `solar_system sonnensystem* immune_system immunsystem* nervous_system digestive_system school_system systeme_solaire systeme_immunitaire sistema_solar sistema_inmune sistema_imune
    logo flyer poster card menu garden room bedroom kitchen tattoo worksheet quiz lesson game_night invitation outfit costume
    plakat karte zimmer garten arbeitsblatt einladung kostum cartel tarjeta jardin habitacion ficha affiche carte jardin chambre fiche
    cartaz cartao jardim locandina 海报 贺卡 ポスター`,
  prove: `show_that zeige_dass zeig_dass muestra_que montre_que montrer_que mostre_que mostra_che 帰納法 归纳法 استقراء بالاستقراء индукции work_it_out_quantitatively
    disprove provably correctness induction by_contradiction contradiction_proof show_by
    widerlege leite_die herleitung leite_eine beweisen deduzca deducelo dedúcelo deducir deduz prouvez demonstra 論証 导出 推导出 示してください اثبات отрицай выведи
    prove proof proofs proves derive derivation rigorous rigorously disprove lemma qed
    beweis* bewies* leite_her herleit* widerleg* induktion
    demuestra demostrar demostracion demuestre por_induccion deduce
    demontre demontrer demonstration prouve prouver par_recurrence
    prove demonstre demonstrar prova dimostra dimostrare dimostrazione bewijs udowodnij докажи* доказательство kanitla
    证明 求证 推导 証明 示せ 導出 증명 برهن اثبت برهان`,
  /** "Show that": a proof when it is of mathematics. */
  show: ` show zeige zeig muestra muestre montre montrer mostre mostra calculate compute evaluate find determine solve berechne
    bestimme lose calcula determina resuelve calcule resous determine determine calcule resolva calcola 计算 求 求解 求め 計算 解け احسب`,
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
    الجذر_التربيعي نسبي تكامل متسلسله عدد_اولي интеграл* простых предел* теорем*`,
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
    irrationnel* irrationalite indecidable denombrable abelien bijection enumeravel indecidivel irrazional*
    无理数 不可判定 费马 哥德尔 黎曼 无穷多 無理数 フェルマー 決定不能 停止性 иррационал* неразрешим*`,
  /** Puzzles that mislead. */
  riddle: `coins weighings heavier lighter flaw horses
    riddle puzzle knights knaves liar liars truth-teller prisoners hats gods weighings counterfeit envelopes monty paradox who_is_who brainteaser
    ratsel lugner gefangene paradox* acertijo mentiroso* prisioneros paradoja enigme menteur* prisonniers paradoxe enigma prigionieri
    谜题 逻辑题 悖论 谁在说谎 パズル 論理パズル 囚人 嘘つき لغز`,
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
    analyse analyze analysis assess evaluate weigh review audit investigate critique optimise optimize diagnose forecast recommend
    recommendation strategy strategic trade-off* tradeoff* prioriti* rank benchmark
    analysier* analyse bewert* pruf* beurteil* untersuch* abwag* optimier* empfehlung strategie* begutacht* diskutier*
    analiza analizar evalua evaluar estrategia optimiza recomienda valora sopesa investiga
    analyse* evalue* evaluer strategie* optimise recommande examine etudie en_profondeur elabore
    analise analisar avalie estrategia otimize recomende discuta analizza valuta strategia beoordeel przeanalizuj проанализируй оцени
    分析 评估 优化 策略 权衡 建议方案 方案 检讨 分析 評価 検討 比較検討 最適化 戦略 提案 분석 평가 حلل تحليل قيم استراتيجيه`,
  /** Asking for reasons, care, every case. */
  depth: `all_steps alle_schritte todos_los_pasos toutes_les_etapes 所有步骤 途中の式 dependencies abhangigkeit* dependencias dependances 依赖关系 argumentier* argumenta argumente argumentez undefined_behaviour undefined_behavior zeitplan timeline
    second-order second_order step-by-step schrittweise zielkonflikt* compromisos
    sensitivity
    objections einwande objeciones
    quantitativ* hypotheses mitigations ranked order_of_steps several_exit in_welcher_reihenfolge en_que_orden methods hypothesen methoden arbeitspaket*
    deadlines_and_chances chances numbers phased time_windows zeitfenster* zeitplan kosten sample_size power including schulungen datenschutz proyecciones sensibilidad delais
    recours modify modifiche 计算 评估 移行
    minimise minimize justify_your_choice optimal walk_through root_cause meilenstein* fuzz weighing lock-in consider taktisch rational*
    step_by_step in_depth in_detail detailed thorough* carefully rigorous* justify justified assumptions assumption break-even breakeven
    trade-off* tradeoff* scenario scenarios risks counter-argument* counterargument* alternatives each_decision consequences
    comprehensive exhaustive argue derive flaw timeline roadmap propose fallback contingency edge_cases work_through
    schritt_fur_schritt ausfuhrlich begrund* annahmen szenari* risik* folgen abwagung* gegenuber* jede_entscheidung detailliert grundlich
    paso_a_paso detallad* justific* supuestos escenario* riesgos punto_de_equilibrio en_profundidad razonad*
    etape_par_etape en_detail detaille* justifi* hypotheses scenario* risques seuil_de_rentabilite en_profondeur plan_de_retour chiffre calendrier
    passo_a_passo detalhad* justifique premissas cenario* riscos ponto_de_equilibrio trocas
    dettagliat* passo_dopo_passo scenari rischi
    详细 一步一步 论证 假设 风险 权衡 方案 表结构 策略 分析 段階的 詳細 根拠 リスク 前提 方針 観点 移行計画 テスト計画
    بالتفصيل افتراضات مخاطر المخاطر سيناريو* التعادل`,
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
    shareholder agreement anti-dilution drag-along bad-leaver notice_period public_holiday interest_balancing legitimate_interest rights
    recht* gesetz* vertrag* *vertrag* klausel* unwirksam paragraf* urteil* gericht* miet* kundigungsschutz haftung* erb* testament* pflichtteil*
    abmahnung* arbeitsrecht* dsgvo* betriebsstatte tochtergesellschaft anspruch* verjahr* schadensersatz gmbh steuerlich* widerruf*
    legal ley contrato* clausula* despid* despedi* indemnizacion improcedente nulo demanda herencia alquiler inquilino juicio
    loi contrat* clause* licenciement* indemnite* bail locataire proprietaire tribunal heritage juridique responsabilite sas sarl dividendes
    lei contrato* clausula* demissao indenizacao heranca inquilino processo legge contratto licenziamento eredita
    合同 法律 条款 起诉 劳动法 赔偿 遗产 离婚 侵权 契約 法律 訴訟 解雇 相続 法的 قانون عقد محكمه`,
  money: `tax_consequences earn-out
    margin profit losses p_l
    working_capital loan_covenant covenant savings subsid* forderung* subvencion* subvention*
    dcf wacc ebitda umsatz* ingresos margen marge wachstum crecimiento growth terminal
    equity vesting expected_value* erwartungswert* anteile owe 报酬
    churn cac gross_margin pricing revenue schulden sanierungsstau umsatz ebit bilanz* viabilidad facturacion chiffre_d_affaires 金额 融资
    mortgage pension tax taxes ira roth 401k index_fund dividends depreciation interest loan equity portfolio cash_flow break-even
    valuation investment salary insurance deduct* vat
    steuer* hypothek* zins* rente* brutto netto gehalt* kredit* versicherung* abschreibung* rendite* *steuer* *kredit* mehrwertsteuer
    impuesto* hipoteca* inflacion intereses pension nomina inversion prestamo rentabilidad costes punto_de_equilibrio etf fondo
    impot* hypotheque interets retraite salaire investissement pret cotisations tva rentabilite chiffre_d'affaires patrimoine
    imposto* hipoteca juros aposentadoria investimento emprestimo tasse mutuo interessi stipendio
    税 贷款 利率 养老金 投资 保险 股票 税金 住宅ローン 年金 投資 金利 ضريبه قرض استثمار فائده خطه_ماليه`,
  /** Whole undertakings. */
  venture: `financial_model finanzplan* finanzmodell* modelo_financiero modele_financier retirement_plan altersvorsorge* plan_de_jubilacion business_model 财务模型
    threat_model
     bedrohungsanalyse grant_proposal forderantrag* modelo_de_amenazas analyse_de_menaces 威胁建模 脅威モデル methodology work_packages 전략* 마케팅
    pricing_strategy migration_plan feasibility viability_study konzept umstellung tourenplanung bus_network grid plan_de_viabilidad plan_de_viabilite etude_de_marche
    market_entry scaling_strategy onboarding experiment 改造 迁移方案
    literature_review business_case *strategie* *strategy* kpis milestones meilenstein* contingency_plan plan_de_contingencia supply_chain 供应链 应对方案 三年
    business_plan business_case go-to-market roster rota shifts migration infrastructure strategy policy curriculum thesis dissertation
    research_plan merger acquisition reorganisation restructuring architecture budget
    geschaftsplan businessplan dienstplan schichtplan migration* strategie* konzept standort masterarbeit
    plan_de_negocio* estrategia tesis migracion reestructuracion plan_financiero
    plan_d'affaires business_plan strategie migration memoire these reorganisation
    plano_de_negocio* estrategia tese piano_aziendale strategia
    商业计划 战略 迁移 排班 论文 事業計画 移行 シフト表 戦略 خطه_عمل خطه_ماليه`,
  /** Words that bind a plan. */
  bound: `twice_in_a_row back_to_back
    at_least at_most no_more_than nobody everyone every each without under only must except unless within maximum minimum total
    mindestens hochstens ohne unter nur muss mussen ausser jeder jede jedes innerhalb maximal niemand
    al_menos como_maximo sin menos_de solo debe cada excepto dentro maximo nadie
    au_moins au_plus sans moins_de seulement doit chaque sauf dans_la_limite maximum personne
    pelo_menos no_maximo sem menos_de somente deve cada exceto almeno senza solo ogni
    至少 最多 不超过 必须 每 除了 以内 少なくとも 以内 以下 必ず 各 على_الاقل بدون يجب كل`,
  /** Goes on with what stood before. */
  follow: `i_meant ich_meinte quise_decir je_voulais_dire eu_quis_dizer volevo_dire 我是说
    next do_the_same same_again extend once_more noch extiende étends
    what_if was_wenn y_si et_si e_se keep 繼續 接下来 次
    go_on continue proceed keep_going next_part carry_on more again and now also what_about how_about then instead another one_more
    why how_so how_come really
    weiter mach_weiter fortsetzen und jetzt auch noch_einmal nochmal dann stattdessen warum wieso weshalb
    continua sigue prosigue y ahora tambien otra_vez entonces por_que
    continue poursuis vas-y et maintenant aussi encore alors pourquoi
    continue prossiga e agora tambem de_novo entao por_que continua prosegui e ora anche perche
    ga_door en nu ook dalej продолжай дальше а теперь почему devam
    继续 然后 接着 那 再 还有 为什么 続けて 続き それで では もっと なぜ 계속 استمر تابع اكمل والان لماذا`,
  /** Points at what stood before. */
  pointer: `segunda primera tercera deuxieme_partie segundo_paso zweite* dritten ersten
           above previous second third first step part section version line you_mentioned you_said
    mentioned former latter last
          dieselbe oben vorige zweite dritte erste schritt teil abschnitt version zeile letzte letzten
         mismo anterior segundo tercero primero paso parte version
         meme precedent deuxieme troisieme premier etape partie version
        mesmo anterior segundo terceiro passo parte versao stesso passaggio
      上面 第二 第一 步 部分 上記 二番目 ステップ 部分 الخطوه السابق`,
  /** Stands for something that was named before. */
  it: `dasselbe das_gleiche davon damit dazu darin daran mach_es kannst_du_es schreib_es lo_mismo eso_mismo
    it this that these those them same esto eso lo cela ca isso isto
    questo quello 这个 那个 它 これ それ あれ هذا هذه ذلك`,
  /** Asks for another shape of the last answer. */
  reshape: `as_a_table in_a_table as_a_list as_bullet als_tabelle als_liste como_tabla como_lista en_tabla sous_forme_de_tableau en_tableau en_liste
    sound nicer netter aggressive freundlicher_formulier* less_harsh
    sachlicher warmer fug_noch add_a_sentence
    warmer shorter_please plus_court mas_corto version
    shorter longer simpler formal informal friendlier funnier polite briefer french german english spanish italian portuguese chinese
    japanese arabic bullet bullets bullet_points tone example examples simplify shorten expand
    kurzer langer einfacher formlicher lockerer freundlicher hoflicher auf_englisch auf_deutsch auf_franzosisch stichpunkte beispiel
    corto larga largo simple formal amable en_ingles en_frances en_aleman ejemplo
    court plus_long simple formel formelle amical en_anglais en_allemand en_espagnol exemple
    curto longo simples formal em_ingles exemplo breve formale in_inglese
    短一点 更正式 英文 表格 简单点 举例 短く 丁寧に 英語で 表に 例えば اقصر بالانجليزيه رسمي`,
}
