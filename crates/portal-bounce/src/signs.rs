//! Who a mail is from and what it is about, as far as head and first words tell.

use crate::{
    fields::Fields,
    text::{Said, addresses},
};

/// Senders that are programs.
const DAEMONS: &str = "\
    mailer-daemon | mailer daemon | mailerdaemon | mailer_daemon | mail-daemon | mail daemon | maildaemon | \
    postmaster | mail delivery | maildelivery | mail-delivery | delivery subsystem | mail system | mail-system | \
    mailsystem | mail administrator | mailadmin | mail-admin | system administrator | administrator | \
    systemadministrator | mdaemon | delivery-status | delivery status | delivery failure | mail router | \
    mail gateway | nondelivery | bounce | bounces | microsoft outlook | exchange | microsoftexchange* | smtp | \
    smtpd | daemon | mta | mail server | mailserver | mail service | internet mail | message delivery | post_master | \
    mail-robot | mailrobot | email delivery | emaildelivery | mail transfer | systemadmin | sistema de correo | \
    systeme de messagerie | mail-system-administrator | 系统管理员 | システム管理者";

/// What a subject or a first sentence says where nobody tries any longer.
const FAILS: &str = "\
    undeliver* | undelivered | delivery fail* | delivery status notification | delivery notification | \
    delivery report | delivery status | failure notice | failure notification | mail delivery failed | \
    mail delivery failure | mail failure | mail delivery problem | mail delivery error | error delivering | \
    problem delivering | returned mail | mail returned | returned to sender | return to sender | returning message | \
    returned e-mail | returned message | message returned | non delivery | nondelivery | non-delivery | \
    not delivered | could not be delivered | couldn't be delivered | could not be sent | couldn't be sent | \
    cannot be sent | failed to send | failure reason* | could not deliver | couldn't deliver | cannot be delivered | \
    can't be delivered | cannot deliver | can't deliver | unable to deliver | unable to send | \
    not able to be delivered | wasn't able to deliver | was not able to deliver | not be able to deliver | \
    been unable to deliver | were unable to deliver | delivery error | delivery problem* | mail error | \
    mail system error | message status | failed mail | failed delivery | delivery has failed | delivery…failed | \
    delivery unsuccessful | unsuccessful delivery | unsuccessful mail | permanent fail* | failed permanently | \
    permanent error | permanent fatal error* | fatal error* | message not delivered | did not reach | \
    wasn't delivered | was not delivered | not been delivered | delivery incomplete | had delivery problems | \
    trouble delivering | undeliverable | rejected your message | automatically rejected | rejected by | \
    message blocked | message rejected | mail rejected | address not found | delivery impossible | error sending | \
    error in sending | error while sending | mail transaction failed | nicht zustellbar | unzustellbar* | \
    nicht zugestellt | nicht ausgeliefert | zustellung…fehlgeschlagen | zustellung…gescheitert | zustellfehler | \
    zustellungsfehler | fehler bei der zustellung | ubermittlung…fehlgeschlagen | konnte nicht | konnten nicht | \
    konnte…nicht zugestell* | nicht ubermittelt | ruckgabe | rucksendung | zurueckgeschickt | unzustellbarkeit | \
    non remis* | non distribu* | non delivre* | echec | impossible de remettre | n'a pas pu etre | \
    n'ont pas pu etre | n'a pu etre | retour de courrier | retour de mail | no se pudo | no se ha podido | \
    no ha podido | no pudo | no entregad* | devuelto | fallo de entrega | fallo en la entrega | error de entrega | \
    error en la entrega | imposible entregar | onbestelbaar | niet bezorgd | niet afgeleverd | kon niet | \
    konden niet | bezorging…mislukt | aflevering…mislukt | non recapitat* | mancata consegna | mancato recapito | \
    non consegnat* | impossibile recapitare | impossibile consegnare | non e stato possibile | errore di consegna | \
    nao entregue | falha na entrega | falha de entrega | nao foi possivel | nao pode ser | devolvid* | niedostarcz* | \
    nie dostarczono | nie mogla zostac | zwrot | nie mozna dostarczyc | kan ikke leveres | ikke leveret | \
    kunne ikke | kan inte levereras | kunde inte | ikke levert | ei voitu | toimittaminen epaonnistui | \
    nedoruciteln* | nedorucen* | nelze dorucit | nedorucitelna | kezbesithetetlen | kezbesites* | nem sikerult | \
    teslim edilemedi | iletilemedi | nu a putut | не доставлен* | недоставлен* | не удалось доставить | \
    невозможно доставить | не может быть доставлен* | не было доставлено | ошибка доставки | возврат | 配信不能 | \
    配信できません | 配信エラー | 配送できません | 配信に失敗 | 送信できません | 送信に失敗 | 送信エラー | \
    届けることができません | 届きません | お届けできません | エラーメール | 未送達 | 未配信 | 配達できません | \
    送達できません | 无法发送 | 配送エラー | 退信 | 未送达 | 无法送达 | 无法投递 | 未传递 | 無法傳遞 | 未傳遞 | \
    投递失败 | 发送失败 | 传递失败 | 无法传递 | 邮件被退回 | 退回 | 배달 실패 | 전송 실패 | 전달되지 | 반송";

/// What is said where somebody still tries.
const WAITS: &str = "\
    will keep trying | will continue to try | will continue to attempt | continue trying | continue to retry | \
    will be retried | will retry | still trying | still being retried | keep trying | attempts will continue | \
    will be attempted | will try again | will try to deliver | will automatically try | continue attempting | \
    not yet been delivered | not yet delivered | been delayed | is delayed | was delayed | delivery delay* | \
    delayed mail | notification (delay) | message delayed | warning message only | do not need to resend | \
    don't need to resend | need not resend | no action is required | could not send message for past | \
    delayed…hours | retry for | temporary problem delivering | message is still in the queue | verzoger* | \
    weiter versuch* | weitere versuche | weitere zustellversuche | erneut versuch* | noch nicht zugestellt | \
    noch nicht | retarde* | differe* | pas encore | nouvelles tentatives | retras* | aun no | seguira intentando | \
    vertraagd* | nog niet | blijft proberen | ritard* | in ritardo | continuera a tentare | atrasad* | \
    continuara tentando | opozni* | задерж* | отложен* | повторн*…попыт* | 遅延 | 遅れて | 再送を | 再試行 | 延迟 | \
    延遲 | 继续尝试 | 지연";

/// What is said where it arrived.
const ARRIVES: &str = "\
    successful mail delivery | successful delivery | notification (success) | notification (relay) | \
    successfully delivered | delivered successfully | successfully relayed | relayed successfully | \
    delivery successful | erfolgreich zugestellt | erfolgreich ubermittelt | remis avec succes | entregado correctamente | \
    met succes | consegnato con successo | entregue com sucesso";

/// What is said where it was given up, whatever else is said.
const GIVEN_UP: &str = "\
    giving up | given up | gave up | will not be retried | no further attempt* | not going to try again | \
    will not try again | failed permanently | permanent error* | permanent fail* | permanent fatal | \
    permanently failed | permanently rejected | no more attempts | has been returned | returned to sender | \
    not be retried | has failed | nicht weiter versucht | endgultig | definitiv*";

/// Subjects with which programs answer for people.
const AWAY: &str = "\
    out of office | out of the office | out-of-office | outofoffice | automatic reply | automatic response | \
    automated reply | automated response | automatically generated reply | auto reply | auto-reply | autoreply | \
    auto response | auto-response | autoresponse | auto responder | autoresponder | auto-responder | \
    vacation reply | vacation response | vacation message | away from my mail | away from my e-mail | \
    away from office | away from the office | no longer with the company | abwesenheits* | automatische‥antwort | \
    autom. antwort | automatische ruckmeldung | autoantwort | urlaubsnotiz | urlaubsbenachrichtigung | \
    urlaubsmeldung | eingangsbestatigung | reponse automat* | message automatique d'absence | message d'absence | \
    reponse d'absence | notification d'absence | absence du bureau | absent du bureau | absente du bureau | \
    respuesta automat* | contestacion automatica | autorespuesta | autorrespuesta | fuera de la oficina | \
    fuera de oficina | automatisch antwoord | automatisch bericht | automatische reactie | \
    automatische beantwoording | afwezigheids* | risposta automat* | risponditore automatico | \
    fuori sede | fuori ufficio | resposta automatica | fora do escritorio | autosvar | \
    automatiskt svar | automatisk svar | franvaro* | fravaer* | automaattinen vastaus | poissa | \
    automaticka odpoved | automatyczna odpowiedz | nieobecnosc | автоответ* | автоматический ответ | отсутств* | \
    otomatik yanit | automatikus valasz | raspuns automat | αυτοματη απαντηση | 自動応答 | 自動返信 | 不在 | \
    自动回复 | 自動回覆 | 外出 | 부재중 | 자동 회신";

/// What people say of an absence too.
const ABSENT: &str = "\
    away | auto: | ooo | on vacation | vacation | on holiday | on leave | maternity leave | on maternity leave | \
    currently away | currently out | abwesend | abwesenheit | nicht im haus | nicht im buro | ausser haus | \
    im urlaub | urlaub | en conge | en conges | en vacances | messaggio automatico | absent | absente | \
    de vacaciones | ausencia | ausente | in ferie | assente | assenza | afwezig | niet aanwezig | niet op kantoor | \
    op vakantie | met vakantie | vakantie";

/// With whom such a sentence begins.
const WHO: [&str; 10] =
    ["i am ", "i'm ", "we are ", "ich bin ", "bin ", "je suis ", "estoy ", "sono ", "ik ben ", "estou "];

/// How a program says that it answers.
const PROGRAM: &str = "\
    this is an automat* | dies ist eine automat* | das ist eine automat* | ceci est un‥automat* | \
    ceci est une reponse automat* | esta es una respuesta automat* | este es un mensaje automat* | \
    questa e una risposta automat* | questo e un messaggio automat* | dit is een automat*";

/// How answers and forwarded mails begin.
const ANSWERS: [&str; 22] = [
    "re:", "re :", "re[", "aw:", "sv:", "vs:", "antw:", "antwort:", "odp:", "ynt:", "rif:", "r:", "tr:", "fw:", "fwd:",
    "wg:", "rv:", "enc:", "res:", "回复:", "答复:", "回覆:",
];

fn says(said: &Said, phrases: &str) -> bool {
    phrases.split(" | ").any(|phrase| said.says(phrase))
}

/// Whether a text says that something was not delivered.
pub(crate) fn fails(said: &Said) -> bool {
    says(said, FAILS)
}

/// Whether a text says that somebody still tries.
pub(crate) fn waits(said: &Said) -> bool {
    says(said, WAITS)
}

/// Whether a subject is one with which programs answer for people.
pub(crate) fn is_away(subject: &Said) -> bool {
    says(subject, AWAY)
}

/// Whether a text speaks of an absence, be it a person's or a program's.
fn speaks_of_absence(said: &Said) -> bool {
    says(said, AWAY) || says(said, ABSENT)
}

/// Whether a subject begins with an absence.
fn begins_away(subject: &Said) -> bool {
    let begins = subject.beginning();
    let told = WHO.iter().find_map(|who| begins.strip_prefix(who)).unwrap_or(begins);
    let ends = |rest: &str| !rest.starts_with(char::is_alphanumeric);
    ABSENT.split(" | ").any(|phrase| told.strip_prefix(phrase).is_some_and(ends))
}

/// Whether a text says that something arrived.
pub(crate) fn arrives(said: &Said) -> bool {
    says(said, ARRIVES)
}

/// Whether a text says that nobody tries any longer.
pub(crate) fn is_given_up(said: &Said) -> bool {
    says(said, GIVEN_UP)
}

/// What a head says.
#[derive(Debug)]
pub(crate) struct Signs {
    /// A program that carries mail wrote it, by its own account.
    pub(crate) daemon: bool,
    /// It is a person's address that it comes from, whatever name stands before it.
    pub(crate) person: bool,
    /// It has no return path, or names those it failed for.
    pub(crate) returned: bool,
    /// It names recipients that failed.
    pub(crate) failed: Option<String>,
    /// It answers or forwards another mail, by its subject.
    pub(crate) answer: bool,
    /// It comes from a list of many readers.
    list: bool,
    /// A program answers.
    automatic: bool,
    pub(crate) subject: Said,
}

impl Signs {
    pub(crate) fn of(fields: &Fields) -> Self {
        let subject = Said::of(&fields.words("subject"));
        let from = ["from", "sender"].map(|name| fields.words(name)).join(" ");
        let returned = fields.first("return-path").is_some_and(|path| path.replace(' ', "") == "<>");
        let mut locals = ["from", "sender"].into_iter().filter_map(|name| local(fields.first(name)?));
        let failed = fields.addresses("x-failed-recipients").next().map(str::to_owned);
        Self {
            daemon: is_daemon(&from),
            person: fields.first("from").and_then(local).is_some() && !locals.any(is_daemon),
            returned: returned || failed.is_some(),
            failed,
            answer: subject.begins_with_any(&ANSWERS),
            list: ["list-id", "list-post", "list-unsubscribe"].iter().any(|name| fields.first(name).is_some()),
            automatic: is_automatic(fields),
            subject,
        }
    }

    /// Whether a program answers in somebody's absence. `opening` is how its text begins.
    pub(crate) fn is_vacation(&self, fields: &Fields, opening: &Said) -> bool {
        let value = |name: &str| fields.first(name).unwrap_or_default().to_ascii_lowercase();
        let submitted = value("auto-submitted");
        if self.automatic || submitted.trim_start().starts_with("auto-replied") {
            return true;
        }
        let precedence = value("precedence");
        let replies = matches!(precedence.trim(), "auto_reply" | "auto-reply");
        let quiet = !self.list && matches!(precedence.trim(), "bulk" | "junk");
        let answered = fields.first("in-reply-to").is_some() || fields.first("references").is_some();
        // Who answers such a mail is a person.
        let away = (!self.answer || self.returned) && is_away(&self.subject);
        let told = self.returned && speaks_of_absence(&self.subject);
        // What people write too takes more: text and subject, or a program that says so.
        let begins = !self.answer && begins_away(&self.subject);
        let agrees = answered && speaks_of_absence(opening) && (begins || says(opening, PROGRAM));
        replies || (!self.list && (away || told || agrees)) || (quiet && (answered || self.answer))
    }
}

/// Whether the name or the local part of a sender is a program's.
fn is_daemon(from: &str) -> bool {
    let names: Vec<_> = from.split(['@', '<', '>', '"']).map(|part| part.trim().to_lowercase()).collect();
    let daemon = |part: &String| {
        DAEMONS.split(" | ").any(|name| match name.strip_suffix('*') {
            Some(name) => part.starts_with(name),
            None => part == name || (name.len() > 10 && part.contains(name)) || tagged(part, name),
        })
    };
    names.iter().any(daemon)
}

/// `mailer-daemon+x`, `WEB.DE Mailer Daemon`, `postmaster-smith`.
fn tagged(part: &str, name: &str) -> bool {
    let begins = part.strip_prefix(name).is_some_and(|rest| rest.starts_with(['+', '-', '=', '.', '_', ' ', '(']));
    begins || part.strip_suffix(name).is_some_and(|rest| rest.ends_with([' ', '.', '-', '_']))
}

/// What stands before the `@` of a sender's address; a name may hold another.
fn local(sender: &str) -> Option<&str> {
    let address = sender.rfind('<').map_or(sender, |at| &sender[at..]);
    addresses(address).next()?.split('@').next()
}

fn is_automatic(fields: &Fields) -> bool {
    let has = |name: &str| fields.first(name).is_some();
    let says = |name: &str, word: &str| fields.all(name).any(|value| value.to_ascii_lowercase().contains(word));
    has("x-autoreply")
        || has("x-autorespond")
        || has("x-autoresponder")
        || has("x-autoreply-from")
        || has("x-mail-autoreply")
        || has("x-mail-autoresponder")
        || has("x-vacation")
        || says("x-apple-action", "vacation")
        || has("x-ms-exchange-inbox-rules-loop")
        || fields.has_prefix("x-auto-reply")
        || says("x-autogenerated", "reply")
        || says("x-post-messageclass", "autoresponder")
        || says("delivered-to", "autoresponder")
        || says("preference", "auto_reply")
        || says("content-type", "report-type=vacation")
}
