/** Words of conversation: greetings, courtesy, assent, and what points back at what was said before. Spelled as `words.ts` says. */

export const talkWords = {
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
    salut bonjour bonsoir coucou merci beaucoup oui non daccord d'accord parfait entendu bonne soiree journee a_demain au_revoir
    bisous tres_bien je_note
    oi ola bom dia boa tarde noite obrigado obrigada sim nao certo perfeito otimo beleza tchau tudo_bem valeu ate_logo
    ciao salve buongiorno buonasera grazie mille perfetto va_bene arrivederci prego
    hoi dag bedankt dankjewel goedemorgen doei nee
    dzien dobry czesc dziekuje tak privet привет здравствуйте спасибо да нет хорошо отлично пока merhaba selam tesekkurler evet tamam
    hej tack takk
    你好 您好 谢谢 多谢 好的 好吧 再见 明天见 晚安 早上好 没问题 可以 嗯 行 太好了 辛苦了 收到
    こんにちは こんばんは おはよう ありがとう はい うん いいえ 了解 お願い 助かりました さようなら おやすみ よろしく わかりました
    안녕 감사 고마워 네 좋아
    مرحبا السلام اهلا شكرا جزيلا نعم لا حسنا تمام صباح مساء الخير ممتاز
    dobranoc do_widzenia dzieki dziękuję pa siema świetnie doskonale dobrze nie wieczór jak_się_masz co_słychać wszystko_jasne
    goedenavond goedemiddag goedenacht dankje hartelijk tot_ziens tot_morgen fijne avond lekker mooi top gezellig alles_goed
    hoe_gaat_het
    günaydın iyi_akşamlar iyi_geceler sağ_ol sağol teşekkür ederim hoşça_kal görüşürüz harika süper hayır peki anladım eyvallah naber
    ne_haber çok_iyi iyiyim
    доброе утро добрый день вечер спокойной ночи до_свидания ясно понятно ок окей круто супер спс пожалуйста ага класс договорились
    नमस्ते नमस्कार धन्यवाद शुक्रिया हाँ हां नहीं ठीक_है ठीक अच्छा बढ़िया शुभ_रात्रि सुप्रभात अलविदा कैसे_हो कैसे_हैं_आप बहुत भाई
    السلام_عليكم مع_السلامه تصبح_على_خير كيف_حالك طيب تمام_شكرا جميل رائع يعطيك العافيه
    嗨 哈喽 早 拜拜 辛苦啦 太棒了 明白了 知道了 厉害 哈哈 不用了 そうですね すごい なるほど 最高 ありがと どうも お疲れさま またね おk 감사합니다 안녕하세요 고맙습니다 알겠습니다
    buona_notte buona_giornata benissimo fantastico ottimo tutto_bene a_domani boa_noite bom_dia muito_obrigado blz show abraço
    bonne_nuit ça_marche nickel estupendo vale_gracias nos_vemos jaja god_morgon
    np no_problem no_worries my_bad brilliant sweet legend roger copy_that good_job well_done good_bot amazing love_it ttyl brb omg
    yay
    ur_the_best you're_the_best youre_the_best you_are_the_best you_rock best_ever du_bist_der_beste du_bist_die_beste du_bist_super
    eres_el_mejor eres_la_mejor t'es_le_meilleur tu_es_le_meilleur sei_il_migliore você_é_o_melhor ты_лучший ты_лучшая harikasın 你真好
    你真棒 你最好 best_day
    i'm_good im_good all_good i'm_fine we're_good i'm_set alles_bestens todo_bien tout_va_bien tutto_a_posto tudo_certo всё_хорошо`,
  /** Thanks: what follows them tells what they are for. */
  gratitude: `thanks thank_you thank thx ty cheers danke dankeschon vielen_dank herzlichen_dank gracias muchas_gracias merci merci_beaucoup
    obrigado obrigada grazie bedankt dank_je спасибо dziekuje tesekkurler 谢谢 多谢 感谢 ありがとう 感謝 감사 고마워* شكرا
    благодарю спс dziękuję dzięki teşekkür teşekkürler sağ_ol धन्यवाद शुक्रिया grazie_mille hartelijk_dank dankjewel tack ty_so_much
    many_thanks much_appreciated i_just_wanted_to_thank just_wanted_to_say_thank just_wanted_to_thank
    wollte_nur_danke wollte_mich_nur_bedanken`,
  /** What stands before an order and says nothing itself. */
  polite: `please kindly just can_you could_you would_you will_you can_i_have could_i_have i_need_you_to i_want_you_to could_someone ok hey hi
    bitte kannst_du konntest_du konnen_sie konnten_sie wurdest_du mal eben einfach kurz ich_mochte_dass_du mir uns doch
    por_favor puedes podrias puede podria me nos solo oye hola
    s'il_te_plait s'il_vous_plait stp svp peux-tu pourrais-tu pouvez-vous pourriez-vous tu_peux vous_pouvez moi juste
    voce_pode pode poderia puoi potresti per_favore mi kun_je alsjeblieft пожалуйста proszę lutfen
    请 请你 帮我 帮忙 麻烦 能不能 可以帮我 我想让你 من_فضلك هل_يمكنك لو_سمحت
    pls plz hey_can_you can_u could_u would_you_mind i'd_like_you_to id_like_you_to need_you_to can_somebody i_need_help_to
    можешь могли_бы можете помоги_мне lütfen bana bir możesz czy_możesz कृपया ज़रा मुझे kunt_u wil_je even zou_je puoi_per_favore
    mi_puoi por_favor_me ممكن هل_تستطيع أريدك_أن`,
  /** "Do it", said to an offer. */
  assent: `yes yep yeah ok okay sure go_ahead do_it do_that ja klar gerne mach_das los si claro adelante hazlo oui vas-y vas_y fais-le
    sim pode faca va_bene fallo 好的 好 可以 是的 行 はい うん お願い 네 نعم حسنا تفضل да давай`,
  /** Goes on with what stood before. */
  follow: `i_meant ich_meinte quise_decir je_voulais_dire eu_quis_dizer volevo_dire 我是说
    next do_the_same same_again extend once_more noch extiende étends
    what_if was_wenn y_si et_si e_se keep 繼續 接下来 次
    go_on continue proceed keep_going next_part carry_on more again and now also what_about how_about then instead another one_more
    why how_so how_come really
    weiter mach_weiter fortsetzen und jetzt auch noch_einmal nochmal dann stattdessen warum wieso weshalb
    continua sigue prosigue y ahora tambien otra_vez entonces por_que
    poursuis vas-y et maintenant aussi encore alors pourquoi
    prossiga e agora tambem de_novo entao prosegui ora anche perche
    ga_door en nu ook dalej продолжай дальше а теперь почему devam
    继续 然后 接着 那 再 还有 为什么 続けて 続き それで では もっと なぜ 계속 استمر تابع اكمل والان لماذا`,
  /** Points at what stood before. */
  pointer: `segunda primera tercera deuxieme_partie segundo_paso zweite* dritten ersten
    above previous second third first step part section version line you_mentioned you_said
    mentioned former latter last
    dieselbe oben vorige zweite dritte erste schritt teil abschnitt zeile letzte letzten
    mismo anterior segundo tercero primero paso parte
    meme precedent deuxieme troisieme premier etape partie
    mesmo terceiro passo versao stesso passaggio
    上面 第二 第一 步 部分 上記 二番目 ステップ الخطوه السابق`,
  /** Stands for something that was named before. */
  it: `dasselbe das_gleiche davon damit dazu darin daran mach_es kannst_du_es schreib_es lo_mismo eso_mismo
    it this that these those them same esto eso lo cela ca isso isto
    questo quello 这个 那个 它 これ それ あれ هذا هذه ذلك`,
  /** Asks for another shape of the last answer. */
  reshape: `as_a_table in_a_table as_a_list as_bullet als_tabelle als_liste como_tabla como_lista en_tabla sous_forme_de_tableau en_tableau en_liste
    sound nicer netter aggressive freundlicher_formulier* less_harsh
    sachlicher warmer fug_noch add_a_sentence
    shorter_please plus_court mas_corto version
    shorter longer simpler formal informal friendlier funnier polite briefer french german english spanish italian portuguese chinese
    japanese arabic bullet bullets bullet_points tone example examples simplify shorten expand
    kurzer langer einfacher formlicher lockerer freundlicher hoflicher auf_englisch auf_deutsch auf_franzosisch stichpunkte beispiel
    corto larga largo simple amable en_ingles en_frances en_aleman ejemplo
    court plus_long formel formelle amical en_anglais en_allemand en_espagnol exemple
    curto longo simples em_ingles exemplo breve formale in_inglese
    短一点 更正式 英文 表格 简单点 举例 短く 丁寧に 英語で 表に 例えば اقصر بالانجليزيه رسمي
    make_this_less make_it_less make_this_more make_it_more make_this_sound make_it_sound make_that_sound less_rude more_polite
    more_formal less_formal more_friendly rude
    rephrase rewrite reword umformulier* formulier* reformule* reformula* riformula* reescrib* réécris riscrivi reescreva перефразируй
    przeredaguj herformuleer 改写 言い換え 書き換え politely höflicher`,
}
