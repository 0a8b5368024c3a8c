/** Words for what is made, by whom it is read or run, and for what goes wrong with it. Spelled as `words.ts` says. */

export const makeWords = {
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
  /** Things that are designed without being software. */
  craft: `solar_system sonnensystem* immune_system immunsystem* nervous_system digestive_system school_system systeme_solaire systeme_immunitaire sistema_solar sistema_inmune sistema_imune
    logo flyer poster card menu garden room bedroom kitchen tattoo worksheet quiz lesson game_night invitation outfit costume
    plakat karte zimmer garten arbeitsblatt einladung kostum cartel tarjeta jardin habitacion ficha affiche carte jardin chambre fiche
    cartaz cartao jardim locandina 海报 贺卡 ポスター`,
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
}
