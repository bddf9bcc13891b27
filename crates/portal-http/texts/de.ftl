# Die Texte der Seiten des Portals. Jeder Schlüssel steht in jeder Sprache, mit denselben Variablen.

## Um jede Seite herum

client-portal = Mandantenportal
questions = Fragen?
ask-usual = Bitte wenden Sie sich wie gewohnt an { $practice }.
still-no-luck = Klappt es noch nicht?
email-label = E-Mail-Adresse
please-check = Bitte prüfen:
show-password = Passwort anzeigen
hide-password = Passwort verbergen
please-wait = Bitte warten
please-wait-a-moment = Bitte warten Sie einen Augenblick
too-many = Zu viele Versuche von hier: Bitte warten Sie { $seconds } Sekunden.

## Anmeldung

sign-in = Anmelden
sign-in-failed = Anmeldung nicht gelungen
password-is-set = Ihr Passwort ist festgelegt.
sign-in-now = Melden Sie sich jetzt damit an.
failed-title = Das hat nicht geklappt
failed-what = Die { $email } oder das { $password } stimmt nicht. Meist hat das einen dieser Gründe:
failed-email = E-Mail-Adresse
failed-password = Passwort
failed-several = Sie haben mehrere Adressen. Nur eine davon gilt hier: die, an die wir wegen dieses Portals schreiben.
failed-never-set = Es wurde noch kein Passwort festgelegt. Den Link dazu finden Sie in unserer E-Mail, vielleicht im Spam-Ordner.
failed-typed = Das Passwort wurde inzwischen geändert, oder beim Tippen ist ein Großbuchstabe oder ein Leerzeichen hineingeraten.
ask-for-link = Einen Link für ein neues Passwort anfordern
send-link = Link für ein neues Passwort schicken
send-link-if = Er wird nur geschickt, falls { $address } die Adresse ist, mit der Sie sich anmelden.
address-is-kept = Ihre Adresse ist unten schon eingetragen.
signed-in-here = In diesem Browser ist gerade { $address } angemeldet.
continue-as = Weiter als { $who }
or-switch = Oder wechseln Sie: Melden Sie sich unten an, dann wird die andere Anmeldung in diesem Browser beendet.
go-on-or-switch = { $link }, oder wechseln Sie: Melden Sie sich unten an, dann wird die andere Anmeldung in diesem Browser beendet.
go-on-as = Weiter als { $who }
then-on-to = Danach geht es weiter zu { $host }.
password-label = Passwort
switch-and-sign-in = Wechseln und anmelden
forgot-link = Passwort vergessen?

## Ein neues Passwort per E-Mail

forgot-title = Neues Passwort
forgot-heading = Ein neues Passwort festlegen
forgot-what = Geben Sie die Adresse ein, mit der Sie sich anmelden. Wir schicken Ihnen einen Link, mit dem Sie ein neues Passwort festlegen können.
forgot-send = Link schicken
back-to-sign-in = Zurück zur Anmeldung
look-into-mailbox = Bitte sehen Sie in Ihrem Postfach nach
asked-sent = Falls { $address } die Adresse ist, mit der Sie sich anmelden, ist eine E-Mail mit einem Link für ein neues Passwort unterwegs.
next-title = So geht es weiter
next-what = Die E-Mail kommt in wenigen Minuten. Der Link darin gilt nur einmal und nur kurze Zeit. Mit ihm legen Sie ein neues Passwort fest, und mit diesem melden Sie sich dann an.
no-mail-title = Wenn keine E-Mail kommt
no-mail-what = Zu Ihrer Sicherheit sagen wir hier weder, ob wir eine Adresse kennen, noch, warum keine E-Mail kommt. Meist hat das einen dieser Gründe:
no-mail-spam = Die E-Mail liegt im Ordner für Spam oder Werbung.
no-mail-slip = Die Adresse oben enthält einen Tippfehler: Vergleichen Sie sie Buchstabe für Buchstabe.
no-mail-other = Wir kennen Sie unter einer anderen Ihrer Adressen. Nur eine gilt: die, an die wir wegen dieses Portals schreiben.
no-mail-often = Sie haben innerhalb einer Stunde mehrmals gefragt: Suchen Sie eine der früheren E-Mails; auch deren Links gelten.
no-mail-access = Ihr Zugang ist noch nicht eingerichtet, oder nicht mehr.
try-another = Eine andere Adresse versuchen

## Ein Passwort festlegen, mit einem Link

set-title = Passwort festlegen
set-welcome = Willkommen! Legen Sie Ihr Passwort fest
set-new = Ein neues Passwort festlegen
set-what = Es gilt für Ihr Portal bei { $practice }. Von da an melden Sie sich mit { $address } und diesem Passwort an.
set-button = Passwort festlegen
set-then = Danach kommen Sie zur Anmeldung.
not-set-yet = Das Passwort ist noch nicht festgelegt
new-password = Neues Passwort
words-help = Drei oder vier Wörter, die nichts miteinander zu tun haben, sind leicht zu merken und schwer zu erraten.
rule-length = Mindestens { $least } Zeichen
rule-same = Zweimal dasselbe
rule-count = bis jetzt { $count }
rule-kept = erfüllt
same-again = Dasselbe Passwort noch einmal
fault-same = Die beiden Passwörter sind nicht gleich: Tippen Sie zweimal dasselbe.
fault-too-short = Das Passwort ist zu kurz: Nehmen Sie mindestens { $number } Zeichen, zum Beispiel vier zufällige Wörter.
fault-too-long = Das Passwort ist zu lang: Nehmen Sie höchstens { $number } Zeichen.
fault-common = Das Passwort ist zu leicht zu erraten: Nehmen Sie drei oder vier zufällige Wörter.
fault-personal = Das Passwort besteht aus einem Namen oder einer Adresse: Nehmen Sie drei oder vier zufällige Wörter.
fault-current = Das bisherige Passwort stimmt nicht.

## Links, die nicht mehr gelten

link-used-title = Link schon benutzt
link-used = Dieser Link wurde schon benutzt
link-used-what = Mit ihm wurde ein Passwort festgelegt, und jeder Link gilt nur einmal. Wenn Sie das waren, können Sie { $link }.
link-used-sign-in = sich mit diesem Passwort anmelden
link-used-forgot = Wenn Sie das Passwort nicht mehr wissen, schicken wir Ihnen einen neuen Link.
link-expired-title = Link abgelaufen
link-expired = Dieser Link ist abgelaufen
link-expired-what = Zu Ihrer Sicherheit gilt ein Link nur eine begrenzte Zeit. Wir schicken Ihnen gern einen neuen.
link-dead-title = Link gilt nicht mehr
link-dead = Dieser Link gilt nicht mehr
link-dead-what = Seit er geschickt wurde, hat sich etwas geändert: Ein neuerer Link wurde benutzt, das Passwort wurde geändert, oder Ihre Anmelde-Adresse oder Ihr Zugang ist jetzt ein anderer.
link-dead-sign-in = Wenn Sie Ihr Passwort wissen, { $link }. Sonst schicken wir Ihnen einen neuen Link.
link-dead-sign-in-link = melden Sie sich an
link-renew = Neuen Link schicken
link-renew-where = Er geht an die Adresse, mit der Sie sich heute anmelden.
renewed-title = Sehen Sie in Ihrem Postfach nach
renewed-sent = Falls Sie Zugang zu diesem Portal haben, ist eine E-Mail mit einem neuen Link unterwegs, an die Adresse, mit der Sie sich anmelden.
renewed-else = Sie kommt in wenigen Minuten. Wenn nicht, sehen Sie im Spam-Ordner nach, oder fragen Sie uns.
to-sign-in = Zur Anmeldung

## Übersicht

home-title = Ihr Portal
signed-in-as = Sie sind angemeldet als { $address }.
linked-what = Der Link, den Sie geöffnet haben, betrifft { $client }, für { $contact }. Sie sehen gerade etwas anderes.
linked-switch = Wechseln und weiter
linked-unknown = Der Link, den Sie geöffnet haben, betrifft etwas, das Sie mit dieser Anmeldung nicht sehen können.
nothing-here = Im Augenblick gibt es hier nichts für Sie.
nothing-why = Ihre Anmeldung ist in Ordnung, aber zurzeit ist hier für Sie kein Mandant freigegeben. Bitte fragen Sie uns, wenn Sie etwas anderes erwartet haben.
for-contact = für { $contact }
choose = Was möchten Sie ansehen?
chosen = das sehen Sie gerade
places = Von hier aus weiter
your-sign-in = Ihre Anmeldung
your-address = Sie melden sich mit { $address } an. Wenn sich diese Adresse ändern soll, sagen Sie es uns bitte.
change-password = Passwort ändern
sign-out = Abmelden
sessions = Wo Sie angemeldet sind
browser-on = { $browser } auf { $system }
browser-unknown-on = Ein Browser auf { $system }
browser-unknown = Ein Browser
session-this = (dieser hier)
session-began = Angemeldet { $when }
session-began-from = Angemeldet { $when } von { $origin }
session-unused = zuletzt benutzt { $when }
session-end = Dort abmelden
sessions-more = { $count ->
    [one] Und eine weitere.
   *[other] Und { $count } weitere.
}
sessions-unknown = Wenn Sie eine davon nicht kennen, melden Sie sich dort ab, und ändern Sie Ihr Passwort.
sessions-end = Überall sonst abmelden
past-now = gerade eben
past-minutes = { $count ->
    [one] vor 1 Minute
   *[other] vor { $count } Minuten
}
past-hours = { $count ->
    [one] vor 1 Stunde
   *[other] vor { $count } Stunden
}
past-days = { $count ->
    [one] vor 1 Tag
   *[other] vor { $count } Tagen
}

## Ein Passwort ändern

change-stays = Sie melden sich mit { $address } an. Das bleibt so.
change-current = Ihr bisheriges Passwort
change-button = Passwort ändern
change-then = Überall sonst werden Sie dann abgemeldet, und früher geschickte Links für ein Passwort gelten nicht mehr.
change-back = Zurück, ohne Änderung
changed-title = Passwort geändert
changed = Ihr Passwort ist geändert
changed-what = Von nun an melden Sie sich mit dem neuen Passwort an. Überall sonst wurden Sie abgemeldet.
changed-mail = Wir schreiben Ihnen das auch per E-Mail, damit es Ihnen auffällt, falls Sie es nicht selbst waren.
back-to-portal = Zurück zu Ihrem Portal

## Von anderen Programmen und zu ihnen

handoff = Weiter zu Ihrem Portal
handoff-what = Sie kommen von einer unserer Seiten, auf der Sie schon angemeldet sind, als { $contact } ({ $address }).
handoff-or-switch = { $link }, oder wechseln Sie: Dann wird die andere Anmeldung in diesem Browser beendet.
handoff-switch = Wechseln und weiter als { $who }
handoff-not-you = Wenn Sie das nicht sind, schließen Sie diese Seite.
handoff-used-title = Schon benutzt
handoff-used = Dieser Weg wurde schon benutzt
handoff-used-what = Er gilt nur einmal. Wenn Sie das waren, { $link }.
handoff-used-link = gehen Sie weiter zu Ihrem Portal
handoff-expired-title = Zu spät
handoff-expired = Das hat etwas zu lange gedauert
handoff-expired-what = Zu Ihrer Sicherheit gilt dieser Weg nur eine Minute.
handoff-dead-title = Gilt nicht mehr
handoff-dead = Dieser Weg gilt nicht mehr
handoff-dead-what = In der Zwischenzeit hat sich etwas geändert: Ihr Passwort, Ihre Anmelde-Adresse oder Ihr Zugang ist jetzt ein anderer.
handoff-again = Bitte gehen Sie zurück zu der Seite, von der Sie kamen, und versuchen Sie es noch einmal, oder { $link }.
handoff-again-link = melden Sie sich hier an
return-title = Weiter
return = Weiter zu { $host }
return-stay = In Ihrem Portal bleiben
return-choose = Für wen möchten Sie weitermachen?
return-for = weiter für { $contact }
lost-title = Kein Weg zurück
lost = Wir kennen den Weg zurück nicht
lost-what = Eine Seite hat Sie hierher geschickt, zu der wir Sie nicht zurückschicken können. Bitte gehen Sie zu ihr zurück und sagen Sie es denen, die sie betreiben.
lost-sign-in = Sie können trotzdem { $link }.
lost-sign-in-link = sich in Ihrem Portal anmelden

## Der Eingang, und andere Adressen

front = Ihr Portal finden
front-several = Hier haben mehrere Kanzleien ihre Portale. Geben Sie die Adresse ein, mit der Sie sich anmelden, und wir schicken Ihnen den Weg zu Ihrem.
front-send = Weg per E-Mail schicken
front-neutral = Zu Ihrer Sicherheit sagen wir hier nicht, wer ein Portal hat und wer nicht.
front-sent = Falls Sie sich hier irgendwo mit { $address } anmelden, ist eine E-Mail unterwegs, die sagt, wo.
front-else = Sie kommt in wenigen Minuten. Wenn nicht:
front-else-spam = sehen Sie im Spam-Ordner nach,
front-else-slip = vergleichen Sie die Adresse oben Buchstabe für Buchstabe,
front-else-other = versuchen Sie eine andere Ihrer Adressen, falls man Sie unter der anderen kennt,
front-else-ask = oder öffnen Sie das Portal aus einer früheren E-Mail, oder fragen Sie die, die Sie eingeladen haben.
front-closed-title = Noch nichts hier
front-closed = Im Augenblick ist hier kein Portal
front-closed-what = Bitte versuchen Sie es später noch einmal, oder fragen Sie die, die Sie hierher geschickt haben.
front-set-up = Betreiben Sie dieses Programm? { $link }.
front-set-up-link = Die erste Kanzlei einrichten
elsewhere-title = Eine andere Adresse
elsewhere = Dieses Portal hat eine andere Adresse
elsewhere-what = Sie sind über eine Adresse gekommen, die nicht oder nicht mehr die richtige ist. Bitte gehen Sie hier weiter, und merken Sie sich diese Adresse statt der alten:
elsewhere-link = Weiter zu { $host }

## Was misslingen kann

problem-not-found = Diese Seite gibt es nicht
problem-not-found-what = Bitte prüfen Sie, ob die Adresse vollständig ist. Wenn sie in einer E-Mail stand, öffnen Sie sie von dort noch einmal.
problem-overloaded = Zu viele Anfragen auf einmal
problem-overloaded-what = Gerade kommen zu viele Anfragen auf einmal. Bitte versuchen Sie es in ein paar Sekunden noch einmal.
problem-internal = Bei uns ist etwas schiefgegangen
problem-internal-what = Das liegt an uns und nicht an Ihnen. Bitte versuchen Sie es später noch einmal.
problem-method = Das geht hier nicht
problem-method-what = Diese Adresse ist nicht dazu da, für sich geöffnet zu werden.
problem-forbidden = Nicht erlaubt
problem-forbidden-what = Das kam nicht von einer Seite dieses Portals: Öffnen Sie die Seite noch einmal, und wiederholen Sie, was Sie getan haben.
problem-closed = Zurzeit geschlossen
problem-closed-what = Das Portal ist zurzeit geschlossen, und nichts geht verloren. Bitte fragen Sie Ihre Kanzlei, wann es wieder öffnet.
problem-too-many = Zu viele Anfragen
problem-other = Das hat nicht geklappt
problem-other-what = Die Seite konnte nicht tun, worum sie gebeten wurde. Bitte gehen Sie zurück, und versuchen Sie es noch einmal.

## Von Mitarbeitern gesehen

view-title = Wie ein Mandant es sieht
view-who = { $user }, Sie sehen das Portal von { $contact }.
view-rules = Sie sehen, was { $contact } zurzeit von { $client } sieht. Ändern lässt sich hier nichts, und der Blick steht im Verlauf.
view-left = { $count ->
    [one] Er endet von selbst binnen einer Minute.
   *[other] Er endet von selbst binnen { $count } Minuten.
}
view-end = Blick beenden
view-own = Passwort, Sitzungen und Abmelden gehören dem Mandanten und fehlen hier.
view-over = Dieser Blick auf das Portal ist zu Ende
view-over-what = Eine halbe Stunde ist um, Sie haben ihn beendet oder sich im Arbeitsbereich abgemeldet, oder der Zugang des Kontakts hat sich geändert. Öffnen Sie ihn von der Seite des Kontakts aus neu.
view-over-back = Zum Arbeitsbereich
