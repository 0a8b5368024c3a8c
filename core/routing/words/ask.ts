/** Words that ask: for a fact, a way, a reason, advice, another form of a text, something to be done. Spelled as `words.ts` says. */

export const askWords = {
  /** Asks for something to be made or given, without saying what. */
  request: `fais faites faz_uma fammi help_me hilf_mir mach_mir mach_aus
    i_need we_need help_with ayudas ayudame aider aidez ajudar ajuda aiutami turn make_me imagine elabora elabore elaborer zusammenstell* stell_mir me_ajuda me_ayudas calculate work_out
    give suggest recommend need want propose create make find list show help i'd_like show_me tell_me provide generate prepare
    gib brauche mochte schlag empfiehl nenne zeig hilf mach such erstell* bereite will wollen
    dame necesito quiero propon recomiendame sugiere ayuda hazme prepara busca quisiera
    donne-moi donne suggere recommande besoin aide cherche voudrais veux
    preciso quero sugira me_de recomende dammi vorrei suggerisci geef wil
    给我 推荐 需要 想要 制定 准备 列出 ください 欲しい たい 提案 اريد اعطني اقترح ساعدني дай нужен хочу
    potrzebuję chcę daj pomóż polecisz chciałbym pokaż ihtiyacım_var istiyorum lazım bul göster hazırla öner चाहिए दो बताओ बताइए
    दीजिए ik_wil ik_heb_nodig maak geef_me zoek нужна нужно хотел_бы сделай придумай подготовь составь составить أحتاج أعطني هات
    hätte_gern hätte_gerne würde_gern i_could_use looking_for i_am_looking_for suche ich_suche me_gustaría j'aimerais je_cherche
    estoy_buscando mi_serve mi_servirebbe gostaria estou_procurando хочется ищу szukam 想找 想学 想做 探しています
    tell_us send_me sag_mir sag_uns dime dinos dis-moi dimmi dicci diga-me me_diga 告诉我 скажи_мне расскажи_мне powiedz_mi vertel_me
    söyle_bana schick_mir envíame envoie-moi mandami let_me_know_how
    gebt_mir gib_uns machen machst nen faz faz-me fammi_un fammi_una fais-nous danos_un hazme_una quiero_un i_need_an i_need_a
    we_need_a need_an i_want_a i_want_an brauche_eine brauche_einen we_want want_an quiero_una voglio_un quero_um zrób_mi сделай_мне
    만들어줘`,
  /** Hand on, note, switch: nothing is to be thought out. */
  transport: `archive file_this turn_it_down turn_it_up turn_it_off turn_it_on archivier* archiva archive_ca
    acknowledge repeat read copy echo wiederhole kopier repite lee repete lis repita leia 重复 確認
    forward reply answer respond say tell send pass_on remind reminder alarm timer wake add put note save delete remove call text ping
    turn_on turn_off switch play stop pause mute book cancel confirm
    leite weiterleiten leit antworte antwort sag sage sende schick schicke erinnere erinner weckt wecker stell stelle setz setze fuge trag
    trage losch speicher notier merk ruf mach_an schalte bestatig
    reenvia reenvialo responde contesta di dile diles manda envia recuerdame pon anade agrega apunta borra llama apaga enciende confirma
    transfere transfere-le transmets reponds dis dis-lui envoie rappelle-moi rappelle mets ajoute supprime appelle allume eteins confirme
    encaminhe responda diga envie mande lembre adicione coloque anote apague ligue desligue
    inoltra rispondi ricordami aggiungi metti cancella chiama
    stuur antwoord zeg herinner zet voeg
    转发 回复 告诉 发给 提醒 设置闹钟 添加 加到 打开 关闭 转告 記入 転送 返信 伝えて 送って 追加 リマインド アラーム 消して つけて
    ارسل اخبر ذكرني اضف قل حول رد напомни отправь перешли добавь ответь
    przypomnij dodaj ustaw włącz wyłącz wyślij zapisz usuń powiedz zadzwoń herinner_me voeg_toe zet_aan zet_uit schrijf_op wekker
    hatırlat ekle kur aç kapat gönder söyle sil not_al ara याद_दिला याद_दिलाना जोड़ो भेजो बंद_करो चालू_करो लगाओ अलार्म поставь включи
    выключи запиши удали скажи позвони будильник اضبط شغل اطفئ احذف أرسل أضف سجل منبه
    turn_the_lights dim unmute snooze jot jot_down note_down write_down bookmark mark_as rename pin track order_me spegni accendi
    imposta svegliami segna ricorda ricordati scrivi_a desliga liga_a lembra-me me_lembra me_lembre toca 关灯 开灯 关掉 定个闹钟 提醒我 记一下 记下 加入
    发一条 帮我记 定闹钟 セットして 起こして メモして 登録して 入れといて
    schedule_a_call schedule_a_meeting schedule_an_appointment schedule_a_reminder set_up_a_call set_up_a_meeting book_a_table
    reserve_a_table block_my_calendar flip_a_coin roll_a_dice`,
  /** Hands words on to somebody, or to oneself for later: whatever they are about. */
  relay: `tell send remind remind_me forward pass_on let_know message_to reply_to_him reply_to_her text_my text_her text_him
    sag sage richte_aus sende schick schicke leite weiterleiten erinnere erinner di dile diles manda envia reenvia recuerdame recuerda avisa
    dis-lui envoie transfere transmets rappelle-moi rappelle previens inoltra ricordami avvisa di'_a mande envie encaminhe avise lembre me_lembre
    stuur herinner zeg_tegen przypomnij wyslij powiedz напомни отправь перешли скажи передай hatirlat gonder 转发 转告 发给 提醒 提醒我 伝えて 送って 転送
    リマインド ارسل اخبر ذكرني याद_दिला याद_दिलाना भेजो`,
  /** A note to oneself for later, whatever it is about. */
  remind: `remind remind_me reminder set_a_reminder erinner erinnere erinnere_mich recuerdame recuerda ponme_un_recordatorio rappelle-moi rappelle ricordami ricorda
    lembre me_lembre me_lembra lembra-me lembrete напомни przypomnij herinner hatirlat 提醒 提醒我 リマインド ذكرني याद_दिला याद_दिलाना`,
  /** Asks for a name or a year that books give. */
  origin: `who who's whose wer wen quien qui chi quem кто kto kim 谁 誰 कौन من_هو who_is who_was what_year which_year in_which_year in_what_year when_was when_did
    when_were in_welchem_jahr wann_wurde wann_war wann_hat en_que_ano cuando_fue cuando_se en_quelle_annee quand_a quand_est in_che_anno quando_fu quando_e
    em_que_ano quando_foi в_каком_году 哪年 哪一年 何年 w_ktorym_roku wie_heeft wie_was wie_is welk_jaar in_welk_jaar hangi_yil`,
  /** Wants a page taken note of, and no more than a word said. */
  onlysay: `just_say just_reply just_answer just_respond just_acknowledge just_confirm only_say only_reply only_answer simply_say say_ok say_okay reply_ok
    reply_with_ok reply_only respond_only answer_only no_need_to_respond no_need_to_reply no_reply_needed for_your_information fyi when_you've_read
    once_you've_read when_you_have_read when_read when_you're_done_reading after_reading i'll_ask_questions ask_you_questions don't_do_anything
    do_nothing nothing_to_do no_action just_keep_this just_remember_this wait_for_my wait_for_the
    antworte_nur antworte_einfach sag_nur sag_einfach nur_mit_ok bestatige_nur schreib_nur tu_noch_nichts mach_noch_nichts zur_kenntnis wenn_du_es_gelesen
    di_solo responde_solo solo_responde solo_di responde_unicamente contesta_solo cuando_lo_hayas no_hagas_nada
    dis_juste dis_simplement reponds_juste reponds_simplement reponds_seulement juste_ok quand_tu_as_lu ne_fais_rien
    rispondi_solo di'_solo dimmi_solo solo_ok responda_apenas responda_so diga_apenas so_diga apenas_responda diz_so quando_tiver_lido
    antwoord_alleen zeg_alleen zeg_gewoon odpowiedz_tylko powiedz_tylko просто_скажи просто_ответь ответь_только скажи_только sadece_tamam
    sadece_cevap 只回复 只需回复 只要回复 回复收到 回复好的 回复"好 看完说 读完说 说一声 とだけ だけ返信 だけ答えて だけ言って だけ返して
    فقط_قل قل_فقط اجب_فقط رد_فقط बस_ठीक बस_ok सिर्फ_ok`,
  /** What is done to code, or read off it, without a thought. */
  trifle: `rename return_type what_language which_language programming_language variable_name function_name line_number which_line how_many_lines indent
    reindent remove_the_comments delete_the_comments remove_comments umbenennen benenne_um welche_sprache programmiersprache ruckgabetyp zeilennummer
    renombra que_lenguaje tipo_de_retorno renomme quel_langage type_de_retour rinomina che_linguaggio tipo_di_ritorno renomeie que_linguagem
    重命名 什么语言 返回类型 变量名 何の言語 変数名 戻り値の型 переименуй какой_язык jaki_język welke_taal
    missing_bracket missing_semicolon missing_comma missing_parenthesis close_the_bracket fix_the_indentation fix_indentation
    remove_the_console uncomment comment_out fehlende_klammer klammer_zu`,
  /** What is measured in: two of them want to be converted. */
  unit: `km kilometer kilometers kilometres kilometern kilomètres kilómetros chilometri quilômetros mile miles meilen millas milles miglia milhas meter meters metres metern
    metros metri cm centimeter centimeters centimetres centimètres centímetros centimetri inch inches zoll pulgadas pouces pollici polegadas foot feet fuss pies
    pieds piedi yard yards kg kilo kilos kilogram kilograms kilogramm kilogramos kilogrammes gram grams gramm gramos grammes grammi gramas pound pounds lb lbs
    pfund libras livres libbre ounce ounces oz unzen onzas liter liters litres litern litros litri gallon gallons gallonen galones cup cups tassen tazas ml
    celsius fahrenheit kelvin euro euros eur dollar dollars dollari dólares usd franken chf pfund_sterling yen acres hectares hektar mph kmh km/h knots
    公里 英里 厘米 英寸 公斤 磅 克 盎司 摄氏度 华氏度 美元 人民币 欧元 日元 キロ マイル センチ インチ グラム ポンド ドル 円 ユーロ 华氏 摄氏
    километр* мил* метр* сантиметр* дюйм* килограмм* фунт* грамм* литр* градус* доллар* евро рубл* dolar* złotych mil kilometrów mijl kilo's gradi كيلومتر ميل
    دولار يورو किलोमीटर मील डॉलर रुपये`,
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
    cuando donde quien cuanto cuanta cuantos cuantas a_que_hora tiempo_hace precio moneda
    quand ou qui combien quelle_heure a_quelle_heure capitale meteo prix
    quando onde quem quanto quanta quantos quantas que_horas moeda preco dove chi quanti che_ora
    wanneer waar hoeveel kiedy gdzie kto ile когда где кто сколько
    几点 什么时候 多少 哪里 哪儿 谁 几个 天气 首都 何時 いつ どこ 誰 いくら 天気 언제 어디 누구 متى اين من كم عاصمه
    jaka_jest_stolica stolica ile_lat ile_to ile_kosztuje o_której która_godzina jak_daleko w_którym_roku jak_się_nazywa hoofdstad
    hoe_oud hoe_ver hoe_lang hoe_hoog hoe_heet welk_jaar wie_is wie_heeft wie_schreef nerede neresi kaç kim ne_zaman nereye saat_kaç
    başkenti kaç_yaşında कब कहाँ कहां कौन कितना कितने कितनी राजधानी столица во_сколько который_час какого_года в_каком_году
    как_называется как_зовут какая_столица أين من_هو من_هي كم_عدد كم_يبلغ ما_اسم ما_عاصمة كم_الساعة
    in_what_year which_year what_year which_country which_planet chemical_symbol symbol_for boiling_point atomic_number largest
    smallest tallest highest longest deepest fastest biggest stand_for stands_for abbreviation zip_code area_code deadline quante
    quanta_costa che_anno in_che_anno di_che_colore em_que_ano de_que_cor qual_a_capital en_qué_año de_qué_color en_quelle_année
    de_quelle_couleur in_welchem_jahr welche_farbe größte höchste längste abkürzung größter más_grande más_largo più_lungo più_alto
    più_grande plus_grand plus_long plus_haut maior mais_alto 最高 最长 最大 几岁 哪一年 哪年 哪个国家 哪天 第几 星期几 多长 多高 多远 多大 谁写 何年 何歳 何曜日 何人 何個 一番高い
    一番長い 一番大きい どの国 最も高い 最も大きい 首都は
    default shortcut keyboard_shortcut hotkey port port_number file_extension return_type tastenkombination raccourci_clavier atajo
    atajo_de_teclado scorciatoia atalho сочетание_клавиш skrót_klawiszowy sneltoets 快捷键 默认端口 ショートカット public_holiday
    feiertag jour_férié festivo feriado giorno_festivo
    default_port
    latest_version latest_stable current_version newest_version neueste_version aktuelle_version última_versión dernière_version
    ultima_versione en_büyük en_uzun en_yüksek en_küçük 最新版本 最新バージョン
    which_of_these which_one_of which_of_the_following welches_davon was_davon cuál_de_estos lequel_de_ces quale_di_questi qual_destes
    random_number zufallszahl número_aleatorio nombre_aléatoire first_letter last_letter أكبر أطول أعلى أصغر wie_schilderde wie_won
    wie_maakte wie_bedacht wie_vond 哪一个是
    what's_the_total total_at the_total hava_nasıl hava_durumu called`,
  /** A word, a sentence, a spelling. */
  quick: `witz chiste blague joke piada barzelletta
    mean means meaning translate translation spell spelling spelled define definition typo lowercase uppercase lower_case upper_case
    pronounce synonym how_do_you_say how_do_i_say proofread
    heisst bedeutet ubersetz* rechtschreibung buchstabier* korrigier*
    traduce traducir traduccion significa como_se_dice deletrea corrige sinonimo
    traduis traduire traduction signifie veut_dire comment_dit-on comment_on_dit se_dit orthographe
    traduza traduzir como_se_diz corrija traduci come_si_dice vertaal betekent
    翻译 怎么说 什么意思 改错 翻訳 訳して 意味 何と言い 번역 ترجم معني معنى переведи значит
    oznacza przetłumacz jak_się_mówi jak_powiedzieć po_angielsku po_polsku zeg_je vertalen hoe_zeg_je wat_betekent spel çevir ne_demek
    nasıl_denir anlamı ingilizcesi तर्जुमा अनुवाद मतलब अर्थ कहते_हैं को_अंग्रेजी переведите перевод как_будет что_значит по-английски
    synoniem synonim синоним antonym antonimo contrario_di opposite_of plural_of past_tense rhymes_with abbreviation wie_sagt_man
    wie_schreibt_man se_escribe s'écrit si_scrive se_escreve 怎么读 怎么拼 怎么写 反义词 同义词 拼音 读音 読み方 反対語 対義語 كيف_تقول كيف_نقول capitalise
    capitalize bedeuten
    how_do_you_write how_do_you_spell how_do_you_pronounce how_is_it_spelled how_do_i_spell nasıl_yazılır nasıl_okunur
    se_dice se_prononce s'écrit_comment come_si_scrive come_si_pronuncia como_se_pronuncia cómo_se_escribe féminin masculin pluriel
    féminin_de plural_de plural_von mehrzahl singular pluralis liczba_mnoga plurale femminile roman_numerals römische_zahlen
    how_do_u_say how_do_u_spell how_do_u_write in_capital_letters capital_letters all_caps in_großbuchstaben großbuchstaben
    en_mayúsculas en_majuscules in_maiuscolo em_maiúsculas büyük_harfle заглавными
    to_the_power_of
    in_italian in_french in_spanish in_german in_portuguese in_polish in_dutch in_russian in_turkish in_japanese in_chinese in_korean
    in_arabic in_hindi in_swedish auf_italienisch auf_spanisch auf_polnisch en_italiano en_portugués en_italien en_portugais
    in_tedesco in_francese in_spagnolo em_espanhol em_francês em_alemão po_hiszpańsku по-французски
    french_for german_for spanish_for italian_for portuguese_for japanese_for chinese_for korean_for russian_for arabic_for
    english_for dutch_for polish_for turkish_for
    how_do_you_abbreviate abbreviate`,
  translate: `translate translation ubersetz* traduce traducir traduccion traduis traduire traduction traduza traduzir traduci vertaal
    翻译 翻訳 訳して 번역 ترجم переведи
    przetłumacz vertalen çevir अनुवाद переведите traduzca tradurre ترجمة`,
  /** Another form of what is given. */
  transform: `convert scale extract reformat format sort classify categorise categorize tidy clean_up highlight list anonymise shorten
    wandle umwandeln extrahier* formatier* sortier* ordne convierte extrae ordena convertis extrais classe converta extraia ordene converti estrai
    转换 提取 整理 排序 変換 抽出 حول استخرج
    przekonwertuj zamień posortuj konwertuj sorteer zet_om dönüştür sırala बदलो преврати отсортируй конвертируй переделай
    turn_this_into turn_these_into rewrite_as put_this_into
    put_in_order`,
  /** Asks what something is. */
  what: `what what's which was welche welcher welches que cual cuales quel quelle quels quelles quoi qu'est-ce o_que qual quais che cosa_e quale wat welke что какой какие co jaki
    什么 哪些 何が 何を どんな ما ماذا 무엇 뭐
    jakie jaka jaką który która welk welkes hangi nedir ne क्या कौनसा какая какое чем ما_هو ما_هي هل
    whats wats wat's qué_es`,
  /** Asks for all of several. */
  whatmany: `welche quels quelles cuales quais quali 哪些
    what_are what_kind what_kinds was_sind welche_sind cuales_son que_son quels_sont quelles_sont quais_sao quali_sono wat_zijn 有哪些 是什么
    jakie_są wat_zijn_de какие_есть what_are_the what_are_some neler nelerdir क्या_क्या`,
  /** Asks for reasons. */
  why: `why how_come warum wieso weshalb por_que pourquoi perche waarom dlaczego почему neden 为什么 为何 なぜ どうして 왜 لماذا
    niye niçin क्यों waardoor зачем отчего perché por_qué 为啥 凭什么 なんで
    y_do y_does y_is y_are y_cant y_dont y_did`,
  /** Asks for a way. */
  how: `worauf どう
    como_se_hace come_si_prepara 방법 알려줘
    come_posso come_si come_faccio come_funziona
    how wie como comment hoe jak как nasil 怎么 怎样 如何 どうやって どうすれば 어떻게 كيف
    jak_zrobić jak_działa jak_mogę hoe_kan hoe_maak_ik hoe_werkt nasıl_yapılır nasıl_çalışır कैसे как_сделать как_приготовить
    как_работает كيف_يمكن كيف_أصنع come_fare come_si_fa come_preparare cómo_hacer como_fazer como_se_faz how_come_i 怎么做 怎么办 怎么样才能
    どのように 作り方 やり方 直し方 어떻게_해야
    し方 り方 き方 ち方 み方 び方 ぎ方 い方 え方 け方 れ方 め方 せ方 べ方 て方 ね方 げ方 で方
    come_pulisco come_tolgo come_cucino come_preparo come_creo come_scrivo come_trovo come_imparo come_ottengo come_rimuovo
    come_elimino come_cambio come_installo come_uso come_funzionano come_nasce come_viene come_ci come_mi come_puo come_mai come_evito
    come_scelgo come_riconosco`,
  /** Asks what would be good. */
  advice: `the_best
    bad_for good_for healthy unhealthy harmful dangerous is_it_safe suitable how_can_i how_do_i how_should_i how_could_i how_can_we
    gesund ungesund schadlich gefahrlich geeignet wie_kann_ich wie_soll_ich es_malo es_bueno sano malsano peligroso como_puedo
    mauvais_pour bon_pour dangereux comment_puis-je comment_faire faz_mal perigoso fa_male ばいい ばいいですか 适合 有害 健康吗 вредно ضار
    help_against helps_against helfen_gegen gut_gegen contra_el contre_le remedy remedies hausmittel remedio*
    做什么
    do_i_need_for kann_man puedo_hacer_con que_puedo peut-on peut_on si_puo posso_fazer 可以做什么 可以做 作れます 何が作れ arguments argumente argumentos
    could_i could_it might_it might_be what_if if_i good_way best_way better help_me_decide what_to ought worth_it
    konnte konnte_ich woran_kann soll_ich sollen_wir besten was_tun
    que_regalo mejor_manera que_hago que_hacer que_faire comment_bien meilleur meilleure melhor 准备 送什么 コツ ヒント 보통 نصيحه
    should recommend recommends recommendations suggest suggests suggestions advice advise tips some_good good_ideas ideas what_could what_can_i
    what_do_i need_to_know worth generate brainstorm
    soll sollte sollten empfiehl empfehl* tipps ideen kann_ich_tun brauche_ich welche_unterlagen vorschlag*
    deberia recomienda recomiendas recomiendame consejos puedo_hacer necesito_para sugiere merece
    devrais recommande conseils conseille idees faut-il propose suggere vaut-il
    devo recomenda dicas ideias o_que_fazer dovrei consigli consiglia zou_ik советы посоветуй
    推荐 建议 怎么办 应该 推薦 おすすめ すすめ アドバイス 考えて どうしたら 추천 نصائح انصحني
    powinienem powinnam polecasz polecacie warto co_zrobić jak_najlepiej rady porady wskazówki ne_yapmalıyım ne_yapabilirim önerirsin
    tavsiye öneri ipucu क्या_करूं क्या_करूँ क्या_करना_चाहिए सलाह उपाय सुझाव что_делать стоит_ли что_посмотреть что_подарить как_лучше
    порекомендуй aanraden raad wat_kan_ik wat_moet_ik wat_zijn_leuke leuke cosa_devo cosa_posso cosa_fare cosa_vedere cosa_regalare
    o_que_devo o_que_posso o_que_visitar qué_debo qué_puedo qué_ver qué_hacer quoi_faire que_visiter que_dois-je que_voir was_kann_ich
    was_soll_ich was_hilft ماذا_أفعل كيف_أتخلص أفضل ماذا_تنصح أي_نصيحة
    any_tips any_ideas any_advice how_to what_can_we what_should_i what_should_we should_i is_it_worth best_time is_it_ok_to
    is_it_normal what_do_you_recommend what_would_you how_do_you best_places things_to_do what_to_see must_see where_should_i
    where_to_eat can_i_use can_i_eat can_i_replace alternatives_to alternative_to 有什么好 怎么选 怎么挑 注意什么 值得 好玩 有什么办法 怎么缓解 怎么提高 ありますか方法 選び方
    対処法 どちらがいい おすすめの 楽しみ方 いい方法
    idea_para idee_für アイデア pomysł pomysły идея идеи fikir fikri fikirler टिप्स तरीके तरीका now_what
    so_what_now what_now was_nun was_kann_das_sein qué_puede_ser ça_vient_de_quoi cosa_può_essere o_que_pode_ser what_could_it_be
    what_might_be woran_liegt es_de_qué 更好 更减肥 哪个更 哪个比较
    what_do_i_do what_do_we_do was_mach_ich was_machen_wir qué_hago qué_hacemos je_fais_quoi cosa_faccio o_que_faço どうすれば 어떡하지 options
    what's_going_on whats_going_on was_ist_da_los qué_le_pasa gift_for gifts_for gift_ideas regalo_para regalo_per geschenk_für
    geschenke_für cadeau_pour cadeaux_pour presente_para neler qué_reviso is_this_normal ist_das_normal ist_es_normal es_normal
    est-ce_normal è_normale é_normal
    dinner_idea gift_idea idea_for any_idea an_idea idea_per idée_de une_idée idéia_de ideia_para идея_для
    do_i_have_a_case do_we_have_a_case 怎么谈 能拿多少 qué_puedo_conseguir
    have_a_case
    is_it_allowed generally_allowed allowed_to darf_man se_puede a-t-on_le_droit é_permitido è_permesso 可以吗 можно_ли`,
  /** Several things are to be thought up. */
  give: `help_me prepare_me preparame bereite_mich aide-moi_a ayudame_a me_ajude_a aiutami_a
    give_me give_us recommend suggest brainstorm list_some name_three
    gib_mir gib_uns nenne nenn empfiehl empfehlen schlag_mir dame danos recomiendame recomienda donne-moi donne conseille-moi conseille me_de de-me dammi consigliami
    推荐 给我 列举 おすすめ 推薦 اقترح اعطني посоветуй назови 추천
    come_up_with name_some name_a_few suggest_some give_some pick_me find_me propose_some list_five list_ten list_three
    dai_dei proponi elenca liste-moi propose-moi trouve-moi sugiere_tres propón enumera sugira liste cite doe_suggesties noem geef_me
    wymień zaproponuj podaj_kilka poleć предложи перечисли посоветуйте порекомендуй придумай öner önerir_misin listele sırala सुझाव_दो
    सुझाओ सुझाइए 提案して 挙げて 教えてください 考えて 列出 想几个 起个 起名 列几个 想一个 اذكر رشح`,
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
    اشرح وضح 
    wytłumacz wyjaśnij wyjaśnić jak_działa co_to_jest czym_jest na_czym_polega opisz uitleggen leg_me_uit beschrijf wat_is_een açıkla
    açıklar anlat anlatır nedir nasıl_çalışır समझाओ समझाइए समझाएं बताएं वर्णन объясните расскажи опиши что_такое как_работает
    как_устроен كيف_تعمل كيف_يعمل ما_معنى_أن عرف اشرح_لي
    what_is_the_point how_does how_do how_did how_are how_is eli5 tell_me_about tell_us_about educate_me come_mai cos'è cos'è_un
    che_cos'è qu'est-ce_qu'un qué_es_un qué_es_el qué_es_la o_que_é_um o_que_é was_ist_ein was_ist_eine was_ist_der_sinn
    wie_entsteh* wie_wirkt wie_läuft raccontami_di háblame cuéntame_sobre parle-moi_de fale_sobre me_conta_sobre 讲讲 讲一讲 讲解 说说 科普 怎么回事
    是怎么 怎么工作 怎么形成 有什么作用 について教えて どういう どんな仕組み とは何 って何 なぜ起こる わかりやすく
    nasıl कैसे what_did what_role what_was_the_role
    nasıl_yapılır
    way_to fair_way when_would_i when_would_you when_should_i_use when_to_use when_do_i_use wann_benutzt wann_verwendet wann_nimmt
    quand_utiliser cuándo_se_usa cuándo_usar quando_si_usa quando_usar
    in_simple_words in_simple_terms in_plain_english einfach_erklärt en_palabras_simples en_mots_simples con_parole_semplici
    em_palavras_simples простыми_словами w_prostych_słowach in_eenvoudige basit_bir_dille
    significance importance_of purpose_of role_of function_of process_of concept_of idea_behind principle_behind theory_of
    story_behind impact_of influence_of relationship_between structure_of give_feedback feedback_on bedeutung_von zweck_von rolle_von
    einfluss_von prinzip_von zusammenhang_zwischen importancia_de papel_de función_de impacto_de relación_entre importance_de rôle_de
    fonction_de impact_de relation_entre importanza_di ruolo_di funzione_di rapporto_tra importância_da importância_do papel_do
    papel_da função_da relação_entre 意义 作用 关系 影响 意義 役割 影響 関係 влияние
    c'est_quoi_un c'est_quoi_une c'est_quoi_l cos'è_il cos'è_la qué_son
    what_makes what_do_you_need things_to_see
    the_point_of what's_the_point whats_the_point wozu_ist à_quoi_bon`,
  summarise: `glieder* esquematiza
    short_summary zusammenfassung sumario en_bref 简述
    summari* summary condense tldr tl;dr recap key_points boil_down outline zusammenfass* fass fasse zusammen kurzfassung stichpunkt*
    resume resumir resumen resumeme sintetiza resumer resumez synthese synthetise resuma resumo riassumi riassunto vat_samen
    总结 概括 摘要 要点 归纳 要約 まとめて 요약 لخص تلخيص резюме кратко
    streść podsumuj streszczenie podsumowanie samenvatting samenvatten vat samen özetle özet सारांश संक्षेप перескажи подведи
    краткое_содержание краткий изложи sintetizza in_breve em_poucas_palavras key_takeaways in_short gist main_points ana_fikir خلاصة
    لخصي 大意 主要内容 概述 要旨 まとめ 短くまとめ`,
  compare: `is_better es_mejor ist_besser est_mieux better_to cheaper_to e_melhor e_meglio better_for besser_fur is_it_cheaper
    compare comparison difference differences versus vs pros cons advantages disadvantages
    vergleich* unterschied* vorteile nachteile gegenuber
    compara comparar diferencia diferencias ventajas desventajas
    compare* difference avantages inconvenients diferenca* comparar compare vantagens differenza confronta verschil
    比较 区别 对比 优缺点 哪个好 比較 違い どちら 비교 차이 قارن الفرق сравни разница
    porównaj różnica różnice zalety wady lepszy wady_i_zalety vergelijk verschillen voordelen nadelen karşılaştır fark farkı avantaj
    dezavantaj तुलना अंतर फर्क फायदे नुकसान बेहतर сравнить отличие отличия отличается чем_отличается плюсы минусы лучше قارني
    مقارنة الفروق أيهما أفضل مزايا عيوب distinguish differ differs which_is_better pros_and_cons quale_è_meglio pro_e_contro meglio
    vantaggi svantaggi prós contras ¿qué_es_mejor plus_et_moins lequel 和哪个 有什么不同 好处和坏处 优点 缺点 利弊 还是 メリット デメリット どっち
    哪个更 哪个比较 哪一个更 spricht_für_und_gegen was_spricht for_and_against für_und_gegen a_favor_y_en_contra pour_et_contre
    le_pour_et_le_contre
    diff_between the_diff diff compara_montar
    hangisi_daha`,
}
