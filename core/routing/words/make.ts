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
    写 撰写 起草 改写 書いて 作成して 書き直 اكتب صغ
    ułóż zredaguj przeredaguj popraw_tekst herschrijf verzin stel_op yazar yazın oluştur kaleme लिखो लिखिए लिखें लिख_दो напишите
    сочини составь перепиши придумай_текст اكتبي أكتب صيغي أعد_صياغة make_this_sound make_it_sound put_together come_up_with type_up
    jot_me pen riscrivi scrivimi componi correggi reescreva escreva_uma escríbeme reescribe réécris rédige-moi écris-moi umschreib*
    dicht* 帮我想 拟一份 拟一个 写首 写封 写篇 写份 写段 编一个 改得 書き換え 言い換え 考えてください 作文して
    make_this_less make_it_less make_this_more make_it_more make_that_sound mach_das mach_es_freundlicher hazlo_más rends-le rends_ce
    rendilo rendi_questo torne_isso deixe_mais
    wymyśl wymyśl_mi verzin_een bedenk
    起个名字 取个名字 起名字 想个名字`,
  /** What sentences are made for. */
  text: `fairy_tale fairytale marchen conte fabula fable name_for catchy namen_fur nombre_para nom_pour names_for
    toast caption opening_line thank-you_note thank_you_note remark remarks icebreaker* tagline headline bedtime_story novel dialogue scene monologue
    taufrede dankeskarte grusskarte gutenachtgeschichte mot_de_remerciement remerciement* histoire* mensaje* felicitacion* mensagem parabens brindis palabras
    поздравление 睡前故事 笑话 祝词
    haiku limerick tweet linkedin lyrics 一首 一篇 一封 一段 诗 信 自己紹介文 이메일* 편지* 사과문* 글
    email e-mail mail letter speech poem story essay article blog post message text invitation description announcement
    complaint apology cover_letter resume cv bio slogan song rhyme review invite newsletter reference obituary eulogy wish wishes
    brief anschreiben bewerbung absage rede gedicht geschichte nachricht einladung beschwerde kundigung* entschuldigung aufsatz
    beschreibung glueckwunsch gluckwunsch* karte zeugnis
    carta correo discurso poema cuento texto mensaje invitacion queja felicitacion reclamacion redaccion
    lettre courriel discours poeme histoire texte reclamation annonce resiliation
    historia convite reclamacao lettera discorso poesia messaggio toespraak
    邮件 文章 演讲 故事 文案 介绍 通知 祝福 作文 メール 手紙 スピーチ 詩 物語 挨拶 お詫び رساله خطاب قصيده قصه письмо речь
    życzenia wiersz opowiadanie artykuł zaproszenie ogłoszenie e-maila maila wiadomość opis briefje bericht verhaal
    uitnodiging sollicitatiebrief bedankje e-posta mektup şiir mesaj mesajı hikaye konuşma davetiye ईमेल पत्र चिट्ठी कविता कहानी संदेश
    निबंध भाषण письмо* стих* стихотворен* рассказ сообщени* поздравлен* приглашени* эссе тост статья резюме email-a رسالة بريد ايميل
    شعر قصة دعوة مقال تهنئة
    thank_you_card birthday_card love_letter condolence* product_description thread blurb pitch elevator_pitch sonnet paragraph memo
    press_release about_page welcome_message out_of_office voicemail_greeting hook subject_line hashtags instagram_post status_update
    cartolina auguri biglietto mail_al discorso_per ricevuta scusa scuse racconto favola carta_de_presentación correo_electrónico
    felicitación nota post_de un_mot petit_mot carte_de_voeux lettre_de_motivation légende cartão legenda carta_de_apresentação
    e-mail_para geburtstagsgruß* glückwünsche trauerkarte* rundmail produktbeschreibung 请假条 贺卡 朋友圈 感谢信 道歉信 短信 检讨书 短文 自我介绍 お礼 メッセージ
    自己紹介 案内文 俳句 感想文 お祝い 招待状
    einladung* linkedin-post instagram-post
    ad advert advertisement job_ad job_posting job_description stellenanzeige anzeige kleinanzeige oferta_de_empleo anuncio
    offre_d'emploi annuncio anúncio вакансию объявление ogłoszenie_o_pracę vacature iş_ilanı 招聘启事 求人 広告文 report summary_for changelog
    release_notes readme
    şiir* mektup* mesaj* e-posta* hikaye* davetiye* konuşma* wiersz* opowiadani* zaproszeni* wiadomoś* życzeni*
    vow vows wedding_vow eulogie laudatio wedding_speech`,
  /** Ordering one's days, meals, training. */
  plan: `putzplan* wochenplan* haushaltsplan* essensplan* ernahrungsplan* packliste move_from umzug* mudanza demenagement mudanca trasloco 搬到 引っ越し
    exercises ubungen ejercicios exercices chart checklist checkliste
    weekend romantic honeymoon liste_de_courses lista_de_la_compra einkaufsliste_fur
    party packing_list birthday feier fiesta fete festa おかず 弁当
    plan itinerary schedule timetable menu dinners meals recipe* cook training workout programme roster rota curriculum trip route budget
    ideas organise organize suggestions study_plan
    plane planen reise* speiseplan rezept* koch* trainingsplan lernplan dienstplan stundenplan ausflug ideen organisier*
    planifica itinerario receta* cocinar rutina entrenamiento viaje organiza
    planifie itineraire menu* recette* cuisiner entrainement voyage idees emploi_du_temps
    planeje roteiro cardapio receita* cozinhar treino viagem plano piano ricetta
    计划 行程 菜单 食谱 训练 安排 旅行 排班 計画 献立 レシピ 日程 계획 خطه رحله وصفه план рецепт
    przepis plan_treningowy plan_dnia planuj wycieczk* podróż gotować ugotować upiec recept reisplan weekmenu dagje bakken tarifi
    tarif yemek gezi tatil plan_yap plan_hazırla रेसिपी यात्रा विधि योजना बनाने_की पकाने рецепт* приготов* меню маршрут поездк*
    план_на тренировк* выпечь وصفة طريقة_عمل رحلة جدول خطة طبخ bake meal_plan meal_prep workout_plan day_trip road_trip
    shopping_list_for dieta allenamento viaggio receita_de roteiro_de viaje_a receta_de recette_de voyage_à backe backen
    reiseroute 做法 菜谱 怎么炒 攻略 一日游 自由行 减肥计划 学习计划 旅行计划 作り方 観光 旅程`,
  /** What a plan is given as: where nothing else is said, it is asked for. */
  product: `plan itinerary recipe recipes menu routine schedule checklist packing_list meal_plan workout workout_plan rezept rezepte trainingsplan* essensplan*
    lernplan* reiseplan* packliste checkliste receta recetas rutina itinerario menú lista_de_cosas recette recettes itinéraire programme_de ricetta ricette
    scheda_di receita receitas roteiro cardápio treino recept weekmenu schema przepis jadłospis рецепт меню_на план_на маршрут tarif tarifi yemek_listesi
    食谱 菜谱 计划 攻略 レシピ 献立 プラン 레시피 식단 계획표 وصفة خطة रेसिपी योजना
    ideas ideen idées idee ideias идеи pomysły fikirler fikir tips tipps consejos conseils consigli dicas советы आइडिया`,
  /** Names of what code is written in. */
  code: `python javascript js typescript ts java c++ c# golang rust sql bash php ruby html css kotlin swift react vue angular svelte django flask spring nodejs
    node.js numpy pandas matlab perl scala haskell elixir powershell excel vba git terraform yaml json left_join inner_join
    mysql postgres postgresql sqlite mongodb`,
  /** Everyday faults. */
  trouble: `grinding noise squeaks quietscht knackt tropft leckt fiept ruckelt gerausch* ruido fuga bruit fuit barulho rumore se_corta 噪音 异响
    broken fails failing failed error errors crash* offline stuck slow freezes disconnects wrong won't doesn't isn't not_working bug
    undefined nan null exception keeps leak* blinking flat
    kaputt fehler* absturz* hangt geht_nicht funktioniert_nicht bricht reagiert_nicht undicht langsam
    fallo falla no_funciona roto averia* se_apaga lento
    erreur panne coupe bloque marche_pas lent verifier erro nao_funciona travando quebrado errore guasto
    报错 错误 坏了 不能用 死机 故障 エラー 動かない 壊れ 固まる خطا عطل لا_يعمل ошибка сломал*
    nie_działa błąd błędem zepsut* zawiesza awari* doet_het_niet werkt_niet foutmelding kapot traag hata hatası çalışmıyor bozuldu
    donuyor yavaş काम_नहीं_कर एरर खराब समस्या не_работает ошибку зависает тормозит не_включается لا_يفتح بطيء خطأ مشكلة dropping drops
    cuts_out keeps_crashing not_loading stopped_working unresponsive overheats glitch buggy traceback segfault segmentation_fault
    non_funziona si_blocca non_parte não_liga não_funciona no_enciende no_carga se_cuelga ne_marche_pas ne_démarre plante
    startet_nicht stürzt 不工作 打不开 卡死 卡顿 连不上 闪退 つながらない 開かない 落ちる 遅い うまくいかない
    loses losing lost_messages verliert pierde perd perde perdono теряет теряются 丢失 丢消息 失われ deadlocks double-charges duplicate_charge
    hangs hängt_sich cuelga bloquea enqueue verschwinden disappear desaparecen disparaissent
    stale stale_data out_of_date veraltete_daten obsoletos périmées
    processed_twice falla_al_azar rebalance
    smells_bad stinks stinkt riecht_komisch`,
  /** One piece of code. */
  snippet: `sql_query sql-abfrage consulta_sql requete_sql sql_script sql-script
    dockerfile makefile cron config yaml converter programm programa programme_qui todo_list calculator undo git commit sort sorting reverse_a 冒泡排序 排序 umrechnet umrechner
    binary_search bubble_sort quicksort fizzbuzz fibonacci palindrome factorial linked_list stopwatch one-liner button
    center_a_div unit_tests_for_a palindrom taschenrechner palindromo calculadora
    function script regex regexp regular_expression query formula macro snippet loop bash command method
    component excel spreadsheet
    funktion skript abfrage formel regularer makro schleife
    funcion consulta bucle expresion_regular
    fonction requete formule boucle expression_reguliere
    funcao planilha funzione
    函数 脚本 正则 公式 查询 代码 関数 スクリプト 正規表現 数式 クエリ داله صيغه функци*
    funkcj* skrypt zapytanie formuł* wyrażenie_regularne functie fonksiyon* sorgu* betik formül* फंक्शन फ़ंक्शन प्रोग्राम
    क्वेरी скрипт* регулярк* регулярное запрос формул* запрос_sql دالة كود سكربت استعلام interface type_guard decorator unit_test
    test_case css html_page webpage selector animation useeffect hook one_liner oneliner sed awk grep crontab jq list_comprehension
    lambda dataframe pandas git_command commit_message espressione_regolare query_sql expressão_regular função_em função_que função
    función_en función_que fonction_qui expression_régulière funktion_die funktion_in 表达式 一个函数 sql语句 正则表达式 一段代码 关数 正規表現を ワンライナー スニペット
    エクセル
    docker-compose docker_compose gitignore tsconfig package.json nginx_config systemd_unit systemd debounce css_grid flexbox div
    vertically helm_chart bash_alias alias vba google_sheets airtable notion_formula`,
  /** Things that are designed without being software. */
  craft: `solar_system sonnensystem* immune_system immunsystem* nervous_system digestive_system school_system systeme_solaire systeme_immunitaire sistema_solar sistema_inmune sistema_imune
    logo flyer poster card menu garden room bedroom kitchen tattoo worksheet quiz lesson game_night invitation outfit costume
    plakat karte zimmer garten arbeitsblatt einladung kostum cartel tarjeta jardin habitacion ficha affiche carte chambre fiche
    cartaz cartao jardim locandina 海报 贺卡 ポスター
    invitation_card crossword coloring bracelet birdhouse shelf curtain`,
  build: `hazme fais-moi bau_mir mach_mir_eine construct konstruiere construis construye_una
    crear hacer construir programar creer_une creer_un faire_un criar fazer desenvolver creare costruire erstellen bauen programmieren umsetzen
    set_up setting_up 制作 作る
    build implement create develop design write program code make refactor migrate port architect engineer extend
    bau baue implementier* erstell* entwickl* entwirf programmier* konzipier* schreib* migrier* refaktorier*
    construye implementa crea desarrolla disena programa haz escribe migra refactoriza
    construis implemente implementer cree creer developpe developper concois concevoir ecris programme realise migre
    construa implemente crie desenvolva projete programe faca escreva sviluppa progetta crea implementa scrivi costruisci
    bouw ontwerp ontwikkel maak schrijf zaprojektuj napisz stworz создай разработай спроектируй реализуй напиши gelistir tasarla
    设计 实现 开发 编写 构建 搭建 重构 写 写一个 做一个 設計 実装 開発 構築 作って 作成 書いて 설계 구현 개발 صمم طور ابن برمج انشئ
    zbuduj zrób stwórz utwórz zaimplementuj opracuj przygotuj_system ontwikkelen bouwen maak_een_complete implementeer geliştir yap
    oluştur kur_bana inşa kodla बनाओ बनाइए बनाएं विकसित создайте построй разработайте напишите реализовать спроектируйте запили
    собери أنشئ قم_ببناء أريد_بناء اصنع crie_um construir_um costruiscimi creami realizza realizzare desenvolve monte_um monta móntame
    ármame construye_me baue_mir mach_ein stell_auf code_me code_up put_up spin_up whip_up_a 做个 帮我做 搞一个 造一个 写个 建一个 搭一个 写套 开发一个 作りたい 作れ
    組んで 書け 만들어
    faz faça_um fammi_un'app fammi_una yaz lütfen_yaz लिखो लिखिए اكتب 짜줘 개발해줘 gebt_mir_einen programmiere hazme_un hazme_una
    fais-moi_un fais-moi_une zrób_mi
    сделай сделайте fai fammi fais faites
    rewrite_our rewrite_the port_our`,
  /** Making what must be thought out before it is made. */
  engineer: `disenar* concev* entwerfen designed architecting
    수립* 설계* 구현* 개발*
    implement* disena* desarroll* desenvolv* umsetzung entwick* desig developing designing implementing
    design implement architect engineer develop devise
    entwirf entwickl* implementier* konzipier* architekt*
    disena disename implementa desarrolla concois concevez implemente implementez developpe developpez
    projete desenvolva progetta sviluppa ontwerp ontwikkel implementeer zaprojektuj zaimplementuj
    спроектируй разработай реализуй tasarla gelistir 设计 实现 开发 構築 設計 実装 開発 설계 구현 개발 صمم طور نفذ
    ontwerpen zaprojektować projektuj opracuj tasarlayın tasarımı डिज़ाइन डिजाइन разработать спроектировать архитектуру صممي تصميم
    تطوير نفّذ progettare sviluppare projetar desenvolver conçois-moi concevoir implémenter implémentes entwickeln entwurf* 架构一个 设计出
    设计并 规划 设计方案 構築して 設計して redesign rearchitect re-architect
    programmier* programma_un programme_un programe_um programa_un programa_una запрограммируй zaprogramuj`,
  /** Software that has parts. */
  software: `store_backend 商城 网店 アプリ一式
    bot bots ios_app android_app slack_bot discord_bot plugin extension
    *verwaltungssystem* *buchungssystem* *managementsystem* *kassensystem* *warteschlangensystem* *informationssystem*
    system webshop online_shop e-commerce web_shop operator server game_server chess_engine mobile_app application_mobile app_movil type_checker
    tienda_online boutique_en_ligne loja_virtual
    api apis app apps application backend frontend compiler interpreter engine platform microservice* service services database
    schema website webapp web_app game tetris chatbot library framework cli pipeline protocol architecture infrastructure monolith
    crawler parser operating_system kernel saas marketplace crud dashboard module modules cluster
    anwendung webanwendung datenbank* schnittstelle* architektur plattform spiel buchungssystem *software* *plattform*
    aplicacion servidor base_de_datos plataforma sistema compilador motor arquitectura microservicios juego
    serveur base_de_donnees plateforme systeme compilateur moteur jeu logiciel
    aplicativo banco_de_dados arquitetura microsservicos jogo applicazione piattaforma
    applicatie aplikacj* приложен* сервер* систем* uygulama
    系统 应用 程序 平台 数据库 接口 架构 服务器 编译器 引擎 游戏 框架 微服务 小程序 网站
    システム アプリ データベース サーバ サービス アーキテクチャ コンパイラ ゲーム プラットフォーム キャッシュ
    نظام تطبيق منصه خادم قاعده_بيانات
    systemu systemie serwer* bazę_danych baza_danych platform* sklep_internetowy strona_internetowa gra grę systeem webwinkel databank
    spel website_met uygulaması sistemi sunucu veritabanı sitesi oyun oyunu botu e-ticaret सिस्टम ऐप एप वेबसाइट सर्वर डेटाबेस
    प्लेटफॉर्म ई-कॉमर्स приложени* систему системы система бота бот бд базу_данных платформ* сервис* сайт интернет-магазин* игру
    движок* компилятор* парсер* موقع متجر نظاما منصة تطبيقا محرك لعبة مترجم gestionale applicazioni sito app_per negozio_online gioco
    bot_telegram loja site_com aplicativos boutique site_web jeu_en appli logiciels onlineshop* webshop* verwaltung* tool toolchain
    sdk daemon scheduler orchestrator proxy broker message_bus data_warehouse data_lake vector_store search_engine browser_extension
    compiler_for raft paxos load_balancer package_manager text_editor ide debugger disassembler driver device_driver kernel_module
    hypervisor allocator renderer physics_engine raytracer trading_system payment_system booking_system recommender
    recommendation_engine feed_system url_shortener webhook_service notification_service microservices scraper etl_pipeline
    data_pipeline 聊天室 商城系统 订票系统 推荐系统 短链接 爬虫 后台 前端 后端 电商 网站后台 机器人 编辑器 操作系统 存储 予約システム チャットアプリ ECサイト サイト 在庫管理 ボット エンジン 管理システム 앱 시스템 서버
    쇼핑몰
    *system* *portal*
    onlineshop online-shop buchhaltungs* app-idee crm erp cms lms pos_system forum wiki 앱을 사이트 쇼핑몰을
    schachspiel* kartenspiel* brettspiel* computerspiel* onlinespiel* browserspiel* videojuego* videogioco jeu_vidéo videogame
    juego_de jeu_de игра игры платформа
    *onlineshop* *webshop* *shopsystem*
    social_network red_social réseau_social rede_social маркетплейс* silnik* bazy_danych متجرا موقعا متجر_إلكتروني social_media_app
    web_platform booking_app
    clone klon clon клон klonu クローン 클론 tracker full_stack full-stack fullstack 聊天软件 软件 仿微信
    herramienta_de werkzeug* outil_de strumento_di ferramenta_de narzędzie приложение инструмент_для aracı`,
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
    offline offline-first sync synchroni* conflict* concurren* thread threads thread_safety race races deadlock* transaction*
    idempoten* retries retry audit logging roles permissions scalab* scale latency observability monitoring multi-tenant* cache caching ttl
    queue queues kubernetes docker ci cd deployment deploy migration rollback zero-downtime consistency availability sharding replication
    failover backup reconnect* anti-cheat matchmaking load_test indexing ranking generics payments stripe admin webhook* pagination validation
    bottleneck* memory_leak security vulnerab* injection xss csrf gdpr postgres sqlite redis websocket* complexity
    authentifizierung verschlussel* rechteverwaltung mandanten* zahlungsabwicklung skalier* transaktion* nebenlauf* offline-modus
    protokoll* testkonzept datenmodell* highscore touch-steuerung pausemodus benutzerverwaltung wiederherstell* *schutz* *konform*
    autenticacion pruebas cifrado pagos sincronizacion escalab* concurrencia registro_de_usuarios panel_de_administracion
    authentification chiffrement paiement* synchronisation journal_d'audit mise_a_l'echelle lexical syntaxique concurrence
    autenticacao testes criptografia pagamentos sincronizacao filas estoque observabilidade consistencia disponibilidade autenticazione
    并发 事务 缓存 测试 单元测试 压测 一致性 超卖 加密 崩溃恢复 高可用 容灾 秒杀 登录 支付 限流 日志 表结构
    権限 監査 ログ テスト 暗号 同期 オフライン 一貫性 障害 拡張性 複数 トランザクション データモデル 排他
    مصادقه تشفير اختبار* مزامنه صلاحيات
    logowanie logowaniem uwierzytelnian* płatności* testy testami powiadomienia panel_administra* raport* fakturowan* kopie_zapasowe
    inloggen authenticatie betalingen betaling meldingen facturatie back-ups kimlik doğrulama ödeme ödemeler yönetim_paneli testler
    testleri raporlama raporlar faturalama yedekleme bildirim* giriş güvenlik stok लॉगिन पेमेंट भुगतान एडमिन टेस्ट नोटिफिकेशन
    авторизаци* аутентификац* оплат* платеж* админк* админ-панель уведомлени* очеред* идемпотентн* аудит* логирован* кэширован*
    масштабир* резервн* репликац* шардирован* личный_кабинет корзин* دفع الدفع مدفوعات تسجيل_دخول الدخول مصادقة إشعارات لوحة_تحكم أمان
    التكرار accessi pagamenti pagamento iscrizioni notifiche fatturazione prenotazioni magazzino statistiche reportistica ruoli
    multi-tenant notificações login_social painel_admin pagamentos_pix inicio_de_sesión notificaciones facturación panel_admin
    tiempo_real géolocalisation notifications facturation réservations rôles temps_réel géolocalis* bezahlung mahnwesen rechnungen
    benachrichtigung* lager suche anmeldung rollen lastverteilung ausfall* echtzeit* backup-strategie push_notifications
    billing invoices user_accounts user_management accounts signup sign-up sign_in signin registration admin_panel analytics
    dashboards reporting search filtering uploads email_verification password_reset two-factor 2fa sso rbac role-based row-level
    rate_limiter rate-limit* throttling circuit_breaker health_checks graceful_shutdown hot_reload plugins multi_tenant multitenant
    internationalization i18n offline_support voice_chat video_calls e2ee end_to_end_encryption key_rotation secrets_rotation secrets
    audit_log audit_trail lag_compensation leaderboard* chat load_balancing load_balanced autoscaling auto-scaling disaster_recovery
    zero_downtime without_downtime backpressure checkpointing deduplication snapshots compaction event_sourcing cqrs
    eventually_consistent linearizab* serializab* isolation_level write_skew lost_update* data_race* atomic atomics mutex mutexes
    semaphore* starvation livelock volatile goroutine* coroutine* threadpool thread_pool consumer_group kafka rabbitmq grpc terraform
    helm blue-green 用户登录 注册 后台管理 支付宝 权限管理 消息推送 库存 订单 限购 防刷 快照 复制 数据库设计 部署 监控 日志系统 多线程 死锁 竞态 数据竞争 线程安全 锁 ログイン 決済機能 通知 在庫 管理画面 デッドロック
    マルチスレッド 競合 スレッド 多言語 検索機能 로그인 결제 테스트 관리자 인증
    sporadisch sporadically intermittent* randomly occasionally parallel batch simultaneous* en_même_temps a_la_vez al_mismo_tiempo
    gleichzeitig at_the_same_time only_in_prod in_prod in_production under_concurrent graceful at-least-once exactly-once
    no_global_state cancellation at_most_once doublons duplicados doppelt paypal adminbereich inventory carrello relatório
    código_de_barras synchronisiert synchronis* şifreleme çevrimdışı senkron* testlerle bildirimler takip одновременно дубл* 同时 重复
    同時に 重複 tracking driver_app sporádic* sporadique* aleatori* w_produkcji ast fehlermeldungen
    invalidate invalidation under_heavy_load double_bookings doppelte_buchungen doppelten_buchungen load_balancer two_instances
    zwei_instanzen
    oracle mysql mongodb consumers rebalanc* processed_twice нагрузк* простоя обновлени* mappa mapa foto споры
    заказы sepa mitgliederlogin kurye menu_management offline_mode push
    rto rpo
    recensioni avis notation commentaires comentarios votes moderation модерацией чатом yorumlar harita mappe entregas painel llamadas
    语音 群聊 csv_import charts timeline likes タイムライン
    permisos tableros boards accept_writes`,
  /** Software that few write well. */
  hard: `lock_free lockfrei* ring_buffer ringpuffer* wal write-ahead
    emulator emulateur emulador sql_engine sql引擎 sqlエンジン
    raytracer ray_tracer raytracing multithread* trazador_de_rayos lanceur_de_rayons b+ tolerante_a_fallos tolerante_aux_pannes tolerant_aux_pannes レイトレーサー
    type_checker lambda_calculus chess_engine blockchain netcode virtual_machine bytecode jit load_balancer message_broker key-value
    search_engine game_server operating_system leader_election rollback exactly-once zero-copy simd gpu cuda proof_assistant alpha-beta unification
    downtime ausfallzeit indisponibilite memory_model suchmaschine moteur_de_recherche motor_de_busqueda 并发 LRU 搜索引擎
    distributed lock-free lockfree consensus raft paxos b-tree btree red-black garbage_collector allocator fault-tolerant high_availability
    multi-region failover acid crdt compiler interpreter kernel scheduler oom* root_cause under_load deadlock* race_condition* heisenbug
    verteilt* b-baum rot-schwarz* speicherverwaltung hochverfugbar* ausfallsicher* ursache
    distribuid* alta_disponibilidad tolerante concurrente recolector distribue* haute_disponibilite ramasse-miettes tolerant
    distribuito alta_disponibilita распределенн* отказоустойчив*
    分布式 高可用 容灾 红黑树 幂等 故障转移 无锁 分散 冗長 ガベージ 모분산 موزع* التوسع
    lost_update* race data_race* data_races garbage_collection vector_clock* two-phase_commit 2pc byzantine bft sagas saga_pattern
    wait-free waitfree lock-free_queue skip_list lsm lsm-tree b+tree r-tree hash_ring consistent_hashing gossip quorum split-brain
    split_brain linearizab* serializab* deadlocken verklemm* wettlauf* race-condition* nebenläufig* interbloqueo* condición_de_carrera
    condición_de_competencia concurrencia interblocage* condition_de_concurrence situation_de_compétition concorrenz* stallo
    condição_de_corrida condições_de_corrida zakleszcz* wyścig* współbieżn* гонк* дедлок* взаимоблокировк* многопоточн*
    высоконагруженн* распределён* kilitlenme* yarış_durumu dağıtık eşzamanlı* 死锁 竞态 竞争条件 数据竞争 高并发 百万并发 百万用户 千万 亿级 分布式锁 共识算法 デッドロック
    競合状態 排他制御 分散システム 分散型 レースコンディション 大規模 무중단 동시성 زامن مليون_مستخدم تزامن million_users millionen_nutzer* million_d'utilisateurs
    millones_de_usuarios milhões_de_usuários milioni_di_utenti миллион_пользователей millions_of_users requests_per_second
    req/s rps qps 10k 100k 1m kernel_module device_driver hypervisor
    thread_safe thread-safe threadsafe interpréteur intérprete_de interprete_per interpretador интерпретатор* 解释器 インタプリタ yorumlayıcı
    compilador_de compilatore compilateur_pour kompilator* compilador bloqueos interblocages double-charg* double_charg*
    duplicate_charges duplicate_orders 重复下单 超卖问题 二重課金
    double-free* double_free* use-after-free use_after_free concurrent_access simultaneous_access memory_corruption
    torn_read hash_map_in lock_free_hash eventual_consistency
    under_heavy_load under_high_load under_peak unter_last bajo_carga sous_charge sotto_carico sob_carga 高负载 高負荷 под_нагрузкой
    vulnerabilit* security_problem security_problems security_issues security_issue security_holes security_hole security_flaws
    sicherheitslücke* fallos_de_seguridad problemas_de_seguridad failles_de_sécurité faille_de_sécurité falle_di_sicurezza
    falhas_de_segurança 安全漏洞 脆弱性 уязвимост* exploit*
    derleyici* yorumlayıcı* مترجما مترجم_لغة مفسر_لغة compilateur compilateurs compilatore* compilador* компилятор* コンパイラ 编译器 컴파일러
    при_высокой_нагрузке processed_twice own_database_engine silnik_bazy
    arama_motoru zoekmachine* wyszukiwark* поисковик* поисковую_систему सर्च_इंजन motore_di_ricerca mecanismo_de_busca
    both_nodes`,
}
