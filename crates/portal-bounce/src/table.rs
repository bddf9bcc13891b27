//! What servers say and what it means, as data. The first row that fits decides, in four steps: plain words, telling codes,
//! vague words, vague codes. So words weigh more than a vague code, and a telling code more than vague words.
//!
//! Phrases are written as [`Said`](crate::text::Said) has texts, in lower case and without accents, and as [`Row`] reads them.

use crate::{
    Reason::{
        BlockedSender, Expired, HostUnknown, MailboxFull, Other, RejectedContent, SenderNotAuthenticated, Temporary,
        UserUnknown,
    },
    row::{Proof, Row, Where, of, on, row},
};

/// Words that leave no doubt. What stops a message before its recipient is looked at comes first; then what is soft, so that
/// "full or unknown" is not taken for unknown.
pub(crate) const PLAIN: &[Row] = &[
    // A directory at the edge of Microsoft's servers says no more of an address that is not in it.
    on(Where::ToldOfAddress, UserUnknown, "recipient address rejected: access denied"),
    row(RejectedContent, "resolver.rst.recipsizelimit* | resolver.rst.sendsizelimit*"),
    // Only some may write to this address.
    row(
        BlockedSender,
        "resolver.rst* | delivery restriction* | sender was not authenticated when sending to this | \
         allowed senders list | only accepts messages from | accepts mail only from | not allowed to post | \
         permission to post messages | not have permission to send | posting to this list is restricted | \
         not authorized to send to the recipient",
    ),
    row(
        SenderNotAuthenticated,
        "dmarc | senderid | not a valid sender for | not authorized to send mail as | \
         failed sender authentication | failed authentication check* | spf | dkim | sender policy framework | \
         sender id…fail* | unauthenticated e-mail | unauthenticated email | unauthenticated mail | \
         sender is unauthenticated | authentication level | not authorized to send…for this domain | anti-spoof* | \
         not allowed to send mail from | not allowed to send mail for | does not pass authentication | \
         pass authentication checks | spoof* | does not designate | not a permitted sender | \
         not authorized to use…identity | domain…fails authentication",
    ),
    // The way is wrong, not the address.
    row(
        Other,
        "authentication required | authentication is required | authentication failed | relaying denied | \
         relaying not allowed | relaying is prohibited | relaying prohibited | relay access denied | relay denied | \
         unable to relay | cannot relay | relay not permitted | not permitted to relay | we do not relay | \
         no relaying | relaying mail to | relay from your | in my list of allowed rcpthosts | \
         authentication is required for relay* | client not authenticated to send | too many hops | \
         hop count exceeded | mail loop* | loops back to myself | mail forwarding loop | routing loop | \
         message looping",
    ),
    // It is there and takes nothing, which may end. Before what is said of those who are blocked.
    row(
        Other,
        "account is disabled | account has been disabled | account disabled | account is inactive | \
         account inactive | account is suspended | account suspended | account has been suspended | \
         account is locked | user is disabled | mailbox is disabled | mailbox disabled | mailbox has been disabled | \
         mailbox is suspended | due to inactivity | user is inactive | user inactive | disabled or discontinued | \
         recipient is disabled | recipient is suspended | has not logged in",
    ),
    // The message, before the words that follow it: "this message has been blocked".
    row(
        RejectedContent,
        "message is likely unsolicited | detected as spam | identified as spam | classified as spam | \
         considered as spam | considered spam | rejected as spam | spam message rejected | looks like spam | \
         marked as spam | content presents | message contains | virus found | virus detected | contains a virus | \
         contains a banned | blacklisted url | message was blocked because | infected",
    ),
    // How much at once, before what a full mailbox is called.
    row(
        Temporary,
        "sending quota | submission quota | rate quota | hourly quota | daily quota | message quota | rate limit* | \
         ratelimit* | receiving mail at a rate | receiving mail too quickly | too many connections | \
         too many concurrent | connection frequency limited | sending rate | too many messages from | \
         too many messages per | too many messages sent | too many messages this | relay limit exceeded | \
         sending limit* | throttl* | too many recipients | connection rate",
    ),
    row(
        BlockedSender,
        "sender address rejected | sender rejected | sender denied | sender refused | sender verify failed | \
         sender verification | verify sender | verify the sender | verify mail from | sender address verification | \
         sender address has null mx | domain of sender | sender domain | sender's domain | invalid sender | \
         bad sender* | unknown sender | no such sender | return address…not | unresolvable domain of sender | \
         sending domain | invalid dns mx | too many invalid recipients | too many unknown | unknown user rate | \
         dictionary attack | directory harvest* | \
         invalid helo | helo invalid | ask your postmaster for help | bad helo | helo command rejected | \
         helo…rejected | ehlo…rejected | \
         client host rejected | client host…blocked | your hostname | excessive unknown recipients | \
         permanently deferred | don't accept mail from | sender ip must resolve | does not accept mail from | \
         reverse dns | reverse hostname | rdns | ptr | no reverse | blacklist* | black list* | black-list* | \
         blocklist* | block list* | block-list* | denylist* | blocked using | blocked by | has been blocked | \
         have been blocked | was blocked by | are blocked | is blocked | is listed in | is listed on | \
         is listed at | is listed by | spamhaus* | spamcop* | sorbs | uceprotect* | senderbase* | rbl | dnsbl | \
         rblsmtpd | reputation | your ip | sending ip | ip address…blocked | ip address…rejected | client…blocked | \
         mail from your | mails from your | banned | bulk sender | user complaints | you are not allowed to send | \
         not authorized to send mail | blocked sender | sender…blocked | sender…blacklisted | denied by sender | \
         from your network | dynamic ip | dynamic pool | dynamic address* | residential | gesperrte ip | \
         absender…gesperrt | absender…abgelehnt | adresse ip…bloquee | expediteur…refuse* | remitente…rechazad* | \
         remitente…bloquead* | mittente…rifiutat* | отправитель…заблокирован* | cannot find your reverse",
    ),
    of(
        BlockedSender,
        "sender‥ | sender address‥ | sender's address‥ | sender email address‥ | sender e-mail address‥ | \
         sender's email address‥ | sender mailbox‥ | address of sender‥ | address of the sender‥ | from address‥ | \
         mail from‥ | mail from address‥ | return path‥ | return-path‥ | reverse path‥ | reverse-path‥ | \
         return address‥ | envelope from‥",
        "invalid | is invalid | not valid | is not valid | unknown | is unknown | not exist* | does not exist | \
         doesn't exist | not found | was not found | could not be found | malformed | is malformed",
    ),
    row(
        MailboxFull,
        "mailbox full | mailbox is full | mailbox…is full | mail box full | mail box is full | inbox is full | \
         inbox full | account is full | folder is full | mailfolder is full | maildir…quota | over quota | \
         over storage quota | storage quota | speichervolumen* | disk space limit | too much mail | quota of | \
         storage full | too many messages in the mailbox | too many mails in | zuviele mails | zu viele mails | \
         exceed…storage | overquota | over the quota | over its quota | over their quota | exceeded…quota | \
         exceeds…quota | exceed…quota | quota…exceeded | quota exceed* | quota violation | out of quota | \
         disk quota | quota full | quotaexceeded* | mailbox quota | quota is full | over disk quota | \
         exceeds allowed size | storage limit | exceeded…storage | storage…exceeded | out of storage | \
         storage space | insufficient…space in mailbox | not enough space | mailbox size limit | mailbox limit | \
         mailbox…exceeded | mailbox exceeds | mbxfull | too much mail data | too full | not enough room | \
         mailbox has exceeded | mailbox over | mailbox is over | postfach ist voll | postfach voll | postfach…voll | \
         mailbox ist voll | mailbox voll | speicherplatz* | kontingent | quota uberschritten | uberfullt | \
         boite…pleine | boite…saturee | quota depasse* | quota…depasse* | messagerie pleine | espace…insuffisant | \
         buzon…lleno | buzon lleno | buzon esta lleno | cuota…excedid* | cuota…superad* | casella…piena | \
         quota…superat* | postbus is vol | postbus vol | mailbox is vol | mailbox vol | caixa…cheia | caixa…lotada | \
         cota…excedida | skrzynka…peln* | skrzynka…przepeln* | przekroczon* | ящик переполнен* | ящик…переполнен* | \
         ящик полон | превышен*…квот* | квот* | postladan ar full | brevladan ar full | postkassen er fuld | \
         postilaatikko on taynna | schranka…pln* | kutusu dolu | kota…asi* | megtelt | メールボックスがいっぱい | メールボックスが一杯 | \
         メールボックスの容量 | 容量を超 | 容量オーバー | 容量が | 邮箱已满 | 邮箱空间不足 | 邮箱容量 | 信箱已滿 | 信箱空間 | 超出…容量 | 收件箱已满 | 용량 초과 | 용량이",
    ),
    of(
        MailboxFull,
        "mailbox… | inbox… | mail box… | maildir… | quota… | storage… | disk space… | mail folder… | postfach… | buzon… | \
         casilla… | boite… | casella… | caixa postal… | postvak… | speicher…",
        "is full | are full | already full | temporarily full | currently full | exceed* | limit* | reached | no more room | no room | hard quota | lleno | llena | pleine | piena | piene | \
         cheia | vol | voll | uberschritten | erreicht | depasse* | superat* | excedid*",
    ),
    // Before what is a real answer.
    row(HostUnknown, "host not found, try again | host not found (try again | domain not found, try again")
        .proved(Proof::Code),
    row(
        HostUnknown,
        "host unknown | unknown host | unknown domain | host not found | host or domain name not found | \
         domain not found | domain name not found | no such host | no such domain | nxdomain | \
         host address lookups failed permanently | indicated no smtp service | no route found to domain | \
         no mail server for | not accept mail for this domain | no mail for this domain | domain of recipient | \
         domain unknown | \
         domain‥not found | host‥not found | nonexistentdomain | infodomainnonexistent | name or service not known | \
         bad destination host | bad destination system | couldn't find any host | find any host named | \
         no mail exchanger* | no mx record* | no valid mail exchanger* | no mail hosts for domain | null mx | \
         no valid mx hosts found | no valid mx host found | no mail servers appear to exist* | \
         nullmx | does not accept mail | doesn't accept mail | does not accept email | does not receive mail | \
         domain‥does not exist | domain‥doesn't exist | domain‥couldn't be found | domain‥could not be found | \
         domain‥not valid | invalid domain | domain…is invalid | illegal host | host/domain name found | \
         no route to domain | all relevant mx records point to non-existent hosts | \
         unrouteable mail domain | unroutable domain | unrouteable domain | host‥does not exist | \
         server‥does not exist | domain‥not exist | non-existent domain | nonexistent domain | non-existent host* | \
         domain has no | misspelled domain | domain…misspelled | badly formed domain | \
         no mx for | no mx or a records | illegal domain | domain…existiert nicht | domain…unbekannt | \
         rechner unbekannt | host unbekannt | unbekannter host | \
         unbekannte domain | server…nicht gefunden | domain…nicht gefunden | domane…nicht | domaine…n'existe pas | \
         domaine…introuvable | domaine…inconnu | hote inconnu | serveur…introuvable | dominio…no existe | \
         dominio desconocid* | host desconocid* | dominio…non esiste | dominio…inesistente | dominio…nao existe | \
         dominio…inexistente | domein…bestaat niet | domein…niet gevonden | host onbekend | onbekend domein | \
         домен…не существует | домен…не найден* | domena…nie istnieje | ドメインが存在しません | ドメインが見つかりません | ドメイン…見つかりません | \
         ホストが見つかりません | 宛先ドメイン | 域名不存在 | 找不到域 | 域…不存在",
    ),
    // No server was found to ask. The same words in a reply are about the user.
    on(Where::Unreplied, HostUnknown, "unrouteable address | unroutable address"),
    of(
        HostUnknown,
        "domain‥ | host‥ | hostname‥ | mx record‥ | mail exchanger‥",
        "not found | was not found | could not be found | cannot be found | is unknown | unknown | does not exist | \
         doesn't exist | not exist* | non-existent | nonexistent | invalid | is invalid | is not valid",
    ),
    // Whoever could not ask does not know either, unless a code says that there was an answer.
    row(
        HostUnknown,
        "could not resolve | cannot resolve | can't resolve | couldn't resolve | unable to resolve | unresolvable | \
         host address lookups failed | name service error | retrieve…mx records | mx lookup fail* | no dns | \
         dns error…domain | unable to lookup host | unable to lookup dns | unable to lookup domain | \
         unable to look up host | unable to look up dns | unable to look up domain",
    )
    .proved(Proof::Code),
    row(
        UserUnknown,
        "user unknown | unknown user | unkown user | unknown local user | user is unknown | no such user* | \
         malformed address | unknown destination | mailbox deleted | not user of this server | \
         unavailable mail user | does not have an account | mailbox currently unavailable | \
         don't exists that user | has left the company | no user known | address does not receive | account closed | \
         account deleted | account terminated | user not here | user is not here | nonexistent user | \
         non-existent user | non-existent mailbox | nonexistent mailbox | non-existent address | \
         nonexistent address | non-existent recipient | badrecipient | recipient is not in my | \
         don't know this user | \
         address invalid | matches found in domino | recipient address is not | not a known recipient | \
         no known user | unknown or invalid | nosuchuser | no such mailbox* | no such recipient* | \
         no such address* | no such account* | no such person | no such local user | no such e-mail | \
         no such email | no such id | no such name | mailbox not found | mailbox does not exist | \
         mailbox…not exist* | mailbox…doesn't exist | mailbox unknown | unknown mailbox | mailbox name not allowed | \
         mailbox…not found | mailbox is not available here | user not found | user…not found | user not exist* | \
         user…does not exist | user…doesn't exist | user…not exist* | user…not known | user doesn't have | \
         user…doesn't have a | user…is not local | user is terminated | user…is unknown | user not local | \
         user not known | recipient not found | recipientnotfound | recipnotfound | recipient unknown | \
         unknown recipient | recipient…does not exist | recipient…doesn't exist | recipient…not exist* | \
         recipient…not found | recipient name is not recognized | recipient is not exist | recipient…is not valid | \
         recipient…invalid | invalid recipient* | invalid mailbox* | invalid user* | invalid address* | \
         invalid account | invalid e-mail | invalid email | invalid final delivery user* | invalid local part | \
         invalid destination | invalid local address | address…does not exist | address…doesn't exist | \
         address…not exist* | address not found | address unknown | unknown address* | address…unknown | \
         address…couldn't be found | address…could not be found | address…wasn't found | address…not found | \
         address…no longer | address…not valid | address is invalid | address…is not known | address…not recogni* | \
         account…does not exist | account…doesn't exist | account…not exist* | account not found | account unknown | \
         unknown account | account…has been deleted | account…been closed | account…been terminated | \
         account…is closed | account…no longer | account not available | account that you tried to reach does not | \
         bad destination mailbox | bad destination email | bad address | bad recipient | bad mailbox | \
         not a valid mailbox | not a valid user | not a valid recipient | not a valid address | not a valid email | \
         not a known user | is not a valid | not our customer | isn't our customer | not a customer | \
         not a local user | not a subscriber | not listed in | not known here | not known at this | \
         unknown at this | unknown to this | unrouteable address | unroutable address | unrouteable user | \
         undeliverable address | wasn't found at | was not found at | couldn't be found at | \
         unknown or illegal alias | unknown alias | no longer with | no longer works | no longer employed | \
         no longer exists | no longer valid | no longer in use | no longer available | no longer active | \
         no longer on this server | no longer at | addressee unknown | addressee…unknown | \
         addressee…does not exist | unknown addressee | delivery address…not exist* | does not have a mailbox | \
         doesn't have a…account | don't have a user | can't find your user | cannot find user | \
         could not find user | can not find user | couldn't find user | unable to find…user | alias not found | \
         not in our database | local part…unknown | unknown local part | unknown local-part | localpart unknown | \
         unknown user name | email account…does not exist | name is not recognized | user account is unavailable | \
         user is unavailable | local user unknown | email address could not be found | \
         e-mail address could not be found | was misspelled | email address…not exist | nobody here by that name | \
         who is not known | recipient does not | recipient no longer | user no longer | employee…no longer | \
         has moved to | has moved | user has moved | recipient has moved | please try…instead | \
         address has changed | address changed to | has changed address | forwarding address | new address is | \
         unter neuer adresse | empfanger unbekannt | empfanger…unbekannt | unbekannter empfanger | \
         unbekannter benutzer | benutzer unbekannt | benutzer…nicht gefunden | benutzer…unbekannt | \
         empfaenger unbekannt | empfanger…existiert nicht | empfaenger…existiert nicht | empfanger…nicht gefunden | \
         empfanger nicht bekannt | adresse…existiert nicht | adresse…nicht gefunden | adresse…unbekannt | \
         adresse…ungultig | ungultige adresse | ungultige e-mail* | ungultiger empfanger | ungueltige adresse | \
         postfach…existiert nicht | postfach nicht gefunden | postfach unbekannt | mailbox existiert nicht | \
         konto…existiert nicht | konto…geschlossen | kein solcher* | kein benutzer | nicht bekannt | \
         existiert nicht | adresse nicht vergeben | nicht vorhanden | nicht ausfindig | utilisateur inconnu | \
         utilisateur…inconnu | destinataire inconnu | destinataire…inconnu | destinataire invalide | \
         destinataire…invalide | adresse…invalide | adresse…inconnue | adresse…n'existe pas | adresse…introuvable | \
         destinataire…introuvable | boite…inexistante | boite…n'existe | compte…n'existe | compte inexistant | \
         n'existe pas | n'existe plus | adresse inexistante | usuario desconocido | usuario no existe | \
         usuario…no existe | usuario inexistente | destinatario desconocido | destinatario…no existe | \
         direccion…no existe | direccion…no se encontr* | no se encontro…direccion | direccion…no valida | \
         buzon…no existe | cuenta…no existe | usuario no encontrado | no existe | no se ha encontrado la direccion | \
         gebruiker onbekend | onbekende gebruiker | ontvanger onbekend | onbekende ontvanger | adres…bestaat niet | \
         gebruiker…bestaat niet | mailbox bestaat niet | adres…niet gevonden | ongeldig adres | bestaat niet | \
         utente sconosciuto | utente…sconosciuto | utente non trovato | utente inesistente | \
         destinatario sconosciuto | indirizzo…non esiste | indirizzo…non trovato | indirizzo…inesistente | \
         indirizzo inesistente | casella…inesistente | casella…non esiste | account inesistente | non esiste | \
         usuario desconhecido | usuario nao encontrado | destinatario desconhecido | endereco…nao existe | \
         endereco…nao encontrado | endereco…nao foi encontrado | conta…nao existe | usuario…nao existe | \
         nao existe | caixa postal inexistente | conta inexistente | nieznany uzytkownik | uzytkownik nieznany | \
         nie istnieje | nieznany adres* | nie znaleziono | nieznany odbiorca | adresat nieznany | \
         пользователь не найден | пользовател*…не найден* | неизвестный пользователь | получател*…не найден* | \
         адрес*…не найден* | не существует | нет такого пользователя | такого пользователя нет | \
         неизвестный получатель | ящик не найден | неверный адрес | ukendt bruger | ukendt modtager | findes ikke | \
         okand mottagare | okand anvandare | finns inte | ukjent mottaker | ukjent bruker | finnes ikke | \
         tuntematon vastaanottaja | tuntematon kayttaja | ei loydy | neznamy uzivatel | neznamy prijemce | \
         neexistuje | uzivatel neexistuje | kullanici bulunamadi | bulunamadi | bilinmeyen | ismeretlen | \
         nem letezik | nem talalhato | utilizator necunoscut | nu exista | αγνωστος | δεν υπαρχει | ユーザーが存在しません | \
         ユーザが存在しません | ユーザーは存在しません | ユーザは存在しません | 存在しません | 存在しない | 見つかりません | 見つかりませんでした | 宛先不明 | あて先不明 | 宛先が間違 | \
         アドレスが間違 | アドレスが不明 | 宛先のメールアドレスが | 该用户不存在 | 用户不存在 | 用戶不存在 | 收件人不存在 | 地址不存在 | 帐号不存在 | 账号不存在 | 无此用户 | 查無此 | \
         不存在 | 找不到收件人 | 找不到您 | 找不到 | 無法找到 | 존재하지 않 | 찾을 수 없 | no mailbox here | no mailbox by | no mailbox for | \
         no user by | no user named | no user with | no account by | no account with | no account for | \
         no account here | no recipient by | no longer accepts mail | recipient…not recogni* | user…not recogni* | \
         name…not recogni* | no longer a customer",
    ),
    // Whoever asks another server for the address says so also where that one does not answer.
    row(
        UserUnknown,
        "recipient verification | recipient…cannot be verified | recipient verif*…fail* | recipient verify failed",
    )
    .proved(Proof::Never),
    of(
        UserUnknown,
        "user… | mailbox… | recipient… | address… | account… | addressee… | alias… | employee…",
        "is unknown | not found | was not found | not exist* | doesn't exist | not known | is invalid | not valid | \
         no longer | has left | not on this server | not in our | not local | not registered | not recogni* | \
         cannot be found | could not be found | couldn't be found | wasn't found | not listed | nonexistent | \
         non-existent | been deleted | been terminated | been removed | not our",
    ),
    of(UserUnknown, "user‥ | mailbox‥ | recipient‥ | address‥ | account‥ | alias‥ | aliases:‥", "unknown"),
    row(
        RejectedContent,
        "spam message | is spam | as spam | spam content | spam mail | spam detected | spam score | spam filter* | \
         spamfilter* | spam-like | spamming | considered spam | contains spam | spam reject* | rejected…spam | \
         blocked…spam | spam…rejected | looks like spam | identified…spam | classified…spam | likely spam | \
         suspected spam | junk mail | dt:spm | dt:spam | unsolicited | bulk mail | phish* | malware | infected | \
         virus…found | virus…detected | a virus | contains virus | virus infected | virus | message content | \
         content rejected | content denied | content was rejected | content filter* | content…unacceptable | \
         mail content | prohibited content | suspicious content | suspicious | attachment* | file type | \
         executable | message too large | message too big | message is too large | message size exceeds | \
         message size | size exceeds | exceeds size | exceeds…maximum | exceeds the maximum | message length | \
         too large | too big | larger than | size limit | size restriction | message exceeds | maximum message | \
         max message | surbl | headers fail | header*…syntax | comply with | uribl | bad header* | \
         malformed header* | header*…invalid | invalid header* | missing header* | multiple from | from header | \
         headers are | bare lf | bare cr | bare line* | line too long | lines longer | not rfc | rfc | \
         non-compliant | 8bit | non-ascii | mime | charset | language not | domain in the message | url in | \
         link in the message | message rejected due to | header check* | body check* | message refused by | \
         message…content | message not allowed | nachricht…spam | als spam | inhalt*…abgelehnt | virus gefunden | \
         zu gross | trop volumineux | piece jointe | contenu…refuse* | contenido…rechazad* | demasiado grande | \
         contenuto…rifiutat* | troppo grande | te groot | muito grande | спам* | вирус* | スパム | 迷惑メール | ウイルス | \
         垃圾邮件 | 垃圾郵件 | 病毒 | サイズ超過 | サイズが大き | 内容违规 | 内容…拒绝",
    ),
    row(
        Temporary,
        "greylist* | graylist* | grey-list* | grey list* | gray list* | graylisted | deferred due to | \
         insufficient system | insufficient resource* | insufficient main memory | system resources | \
         out of memory | server busy | too busy | is busy | system load | load average | lookup failure | \
         lookup failed temporarily | temporary lookup failure | temporary error | temporary failure | \
         temporary problem | temporary local problem | temporarily deferred | temporarily unavailable | \
         temporarily rejected | temporarily disabled | try again later | please try later | try again in | \
         try later | vorubergehend* | spater erneut | temporairement | reessayer plus tard | \
         veuillez essayer plus tard | temporalmente | intente mas tarde | temporaneamente | riprova piu tardi | \
         tijdelijk | temporariamente | tymczasow* | временно | 一時的 | 暂时 | 暫時",
    ),
    row(
        Expired,
        "retry timeout exceeded | delivered in‥days | no connection to any | queue for‥days | \
         retry time not reached | retry time…exceeded | delivery time expired | delivery time-out | \
         message expired | message has expired | time expired | message timed out | has been in the queue too long | \
         in the queue too long | queue too long | in queue too long | maximum queue | queue lifetime | \
         retention period | retry limit | retries exceeded | tried too many times | attempts…exceeded | \
         maximum…retr* | maximum number of unable to deliver…after | delivered within | deliver within | \
         undelivered after | could not be delivered for | could not be delivered after | not be delivered for | \
         delivery has expired | expired | been failing for a long time | for more than…days | days old | \
         days without | too old | gave up after | timed out | timeout | time-out | time out | connection refused | \
         connection…refused | connection was refused | connection failed | connection failure | connection lost | \
         connection dropped | connection reset | connection closed | connection was dropped | connection died | \
         lost connection | no route to host | network is unreachable | network unreachable | host is unreachable | \
         host unreachable | could not connect | couldn't connect | cannot connect | can't connect | \
         unable to connect | failed to connect | wasn't able to establish an smtp connection | \
         establish an smtp connection | establish…connection | not responding | did not respond | didn't respond | \
         no response | no answer from host | in the time limit | after…delivery attempts | \
         maximum delivery attempts | after several attempts | after multiple | all attempts to | \
         requests to connect | delivery failed…attempts | not reachable | server is down | host is down | \
         delivery attempts | socket error | couldn't contact | could not contact | unable to contact | \
         failed to open | zeituberschreitung | nicht erreichbar | zustellversuche | verbindung…fehlgeschlagen | \
         keine verbindung | verbindung abgelehnt | delai…depasse | delai…expire | connexion…impossible | \
         connexion refusee | tiempo de espera | tiempo…agotado | conexion rechazada | scadut* | \
         connessione rifiutata | verlopen | verbinding geweigerd | tempo esgotado | expirou | uplynal | истек* | \
         истёк* | 期限切れ | タイムアウト | 接続できません | 接続が拒否 | 超时 | 逾時 | 连接失败 | 无法连接 | 连接超时",
    ),
    of(
        Expired,
        "host… | server… | connection… | servers…",
        "unreachable | not answer* | not respond* | timed out | dropped | not reachable",
    ),
];

/// Words that most servers mean so.
pub(crate) const VAGUE: &[Row] = &[
    on(
        Where::ForGood,
        Other,
        "disabled | inactive | suspended | deactivated | locked | not active | discontinued | not enabled | \
         deaktiviert | gesperrt | desactive* | suspendu* | desactivad* | suspendid* | disattivat* | sospes* | \
         gedeactiveerd | отключен* | заблокирован* | 停用 | 禁用",
    ),
    on(
        Where::ForGood,
        RejectedContent,
        "spam | junk | message rejected | message refused | message was rejected | message denied | mail rejected | \
         email rejected | mail refused | message blocked | message content* | content | message not accepted | \
         transaction failed…policy | filter* | scan* | nachricht…abgelehnt | message…refuse | mensaje rechazado | \
         messaggio rifiutato",
    ),
    on(Where::OfAddress, UserUnknown, "mailbox unavailable | mailbox not available | mailbox is unavailable")
        .proved(Proof::Code),
    on(
        Where::OfAddress,
        UserUnknown,
        "address rejected | recipient rejected | recipient address rejected | recipient refused | rcpt refused | \
         rcpt rejected | \
         not like recipient | no valid recipient* | user unavailable | user is not available | \
         recipient not accepted | recipient…not accepted | recipient not ok | does not exist | doesn't exist",
    )
    .proved(Proof::Never),
    on(
        Where::ForGood,
        BlockedSender,
        "blocked | policy | policies | denied | refused | not allowed | not authorized | not permitted | \
         unauthorized | prohibited | prohibition | rejected | reject | not accepted | forbidden | restricted | \
         abgelehnt | verweigert | refuse* | rejete* | rechazad* | denegad* | rifiutat* | negat* | geweigerd | \
         recusad* | odrzucon* | отклонен* | отказано | 拒否 | 拒绝 | 拒絕",
    ),
    on(Where::Always, Temporary, "temporary | temporarily | later"),
];
