# Die Texte der E-Mails. Jeder Schlüssel steht in jeder Sprache, mit denselben Variablen. Ein Text hat eine Zeile, oder eine je Auswahl.

## Um jede E-Mail herum

hello = Guten Tag { $name }!
hello-nobody = Guten Tag!
ask = { $practice } ({ $contact })
ask-usual = { $practice } auf dem gewohnten Weg
questions = Fragen? { $contact }
questions-usual = Fragen? Bitte wenden Sie sich wie gewohnt an { $practice }.
way-to-portal = Zum Mandantenportal kommen Sie jederzeit, wenn Sie diese Adresse in Ihren Browser eintippen:
way-to-workspace = Zum Arbeitsbereich kommen Sie jederzeit, wenn Sie diese Adresse in Ihren Browser eintippen:
note = Eine Nachricht von { $practice }:
names = { $before } und { $last }
moment = { $day }. { $month ->
        [1] Januar
        [2] Februar
        [3] März
        [4] April
        [5] Mai
        [6] Juni
        [7] Juli
        [8] August
        [9] September
        [10] Oktober
        [11] November
       *[12] Dezember
    } { $year } um { $time } Uhr Weltzeit (UTC)

## Seiten zum Öffnen

choose-password = Passwort festlegen
choose-password-lead = Auf dieser Seite legen Sie Ihr Passwort fest:
link-once = Der Link gilt einmal, bis zum { $until }. Bitte geben Sie ihn nicht weiter: Wer ihn hat, kann Ihr Passwort festlegen.
sign-in = Anmelden
sign-in-lead = Auf dieser Seite melden Sie sich an:
button-fails = Wenn die Schaltfläche nicht funktioniert, kopieren Sie diese Adresse in Ihren Browser:

## In mehreren E-Mails

fine-if-you = Wenn Sie das waren, ist alles in Ordnung, und Sie brauchen nichts zu tun.
fine-if-known = Wenn Sie davon wissen, brauchen Sie nichts zu tun.
forgot = Wenn Sie das Passwort nicht mehr wissen, öffnen Sie die Seite zur Anmeldung und wählen Sie „Passwort vergessen?“.
link-later = Wenn der Link nicht mehr gilt, öffnen Sie ihn trotzdem: Die Seite bietet Ihnen an, einen neuen zu schicken.
not-invited = Wenn Sie diese E-Mail nicht erwartet haben, brauchen Sie nichts zu tun: Es geschieht nichts, solange niemand den Link öffnet und ein Passwort festlegt. Im Zweifel wenden Sie sich bitte an { $ask }.
not-asked = Wenn Sie das nicht waren, brauchen Sie nichts zu tun: Solange niemand den Link öffnet und ein Passwort festlegt, bleibt Ihr Passwort, wie es ist. Wenn solche E-Mails immer wieder kommen, wenden Sie sich bitte an { $ask }.

## Zugang

activation-subject = Ihr Zugang zum Mandantenportal von { $practice }
activation-what = { $count ->
    [0] Sie sind in das Mandantenportal von { $practice } eingeladen. Dort finden Sie die Unterlagen, die für Sie bestimmt sind.
   *[other] Sie sind in das Mandantenportal von { $practice } eingeladen. Dort finden Sie die Unterlagen von { $clients }.
}
activation-begin = Legen Sie zuerst ein Passwort fest. Von da an melden Sie sich mit dieser E-Mail-Adresse, { $address }, und diesem Passwort an.
reminder-subject = Ihr Link zum Mandantenportal von { $practice } gilt bis zum { $until }
reminder-what = { $count ->
    [0] Sie sind in das Mandantenportal von { $practice } eingeladen, in dem Sie die Unterlagen finden, die für Sie bestimmt sind. Ein Passwort haben Sie noch nicht festgelegt.
   *[other] Sie sind in das Mandantenportal von { $practice } eingeladen, in dem Sie die Unterlagen von { $clients } finden. Ein Passwort haben Sie noch nicht festgelegt.
}
reminder-same = Es ist der Link aus der E-Mail, die Sie schon haben.
added-subject = { $count ->
    [0] Sie haben jetzt Zugang zu weiteren Unterlagen im Mandantenportal von { $practice }
    [1] Sie haben jetzt auch Zugang zu { $first } im Mandantenportal von { $practice }
   *[other] { $more ->
        [1] Sie haben jetzt auch Zugang zu { $first } und einem weiteren Mandanten im Mandantenportal von { $practice }
       *[other] Sie haben jetzt auch Zugang zu { $first } und { $more } weiteren Mandanten im Mandantenportal von { $practice }
    }
}
added-what = { $count ->
    [0] Sie haben jetzt auch Zugang zu weiteren Unterlagen im Mandantenportal von { $practice }.
   *[other] Sie haben jetzt auch Zugang zu { $clients } im Mandantenportal von { $practice }.
}
added-same = An der Anmeldung ändert sich nichts: Sie melden sich mit dieser E-Mail-Adresse, { $address }, und Ihrem bisherigen Passwort an. Danach wählen Sie, was Sie ansehen möchten.
added-wrong = Wenn Sie diese E-Mail nicht erwartet haben, wenden Sie sich bitte an { $ask }, damit es in Ordnung gebracht wird.

## Das Passwort

reset-subject = Neues Passwort für das Mandantenportal von { $practice }
reset-what = Jemand, wahrscheinlich Sie selbst, hat für { $address } ein neues Passwort im Mandantenportal von { $practice } angefordert.
reset-then = Sobald Sie ein neues Passwort festgelegt haben, gilt das alte nicht mehr, und Sie sind auf allen Geräten abgemeldet.
changed-subject = Ihr Passwort für das Mandantenportal von { $practice } wurde geändert
changed-what = Das Passwort, mit dem Sie sich als { $address } im Mandantenportal von { $practice } anmelden, wurde am { $when } geändert.
changed-wrong = Wenn Sie das nicht waren, legen Sie gleich ein neues Passwort fest: Öffnen Sie die Seite zur Anmeldung, deren Adresse am Ende dieser E-Mail steht, und wählen Sie „Passwort vergessen?“. Danach wenden Sie sich bitte an { $ask }.
set-subject = Mit Ihrer neuen Adresse wurde ein Passwort für das Mandantenportal von { $practice } festgelegt
set-what = Vor Kurzem wurde Ihre Anmelde-Adresse für das Mandantenportal von { $practice } von { $address } auf { $new } geändert. Am { $when } wurde dort ein Passwort festgelegt, mit einem Link, der an die neue Adresse geschickt wurde.
set-wrong = Wenn Sie das nicht waren, oder wenn { $new } nicht Ihre Adresse ist, wenden Sie sich bitte sofort an { $ask }: Dort kann man den Zugang beenden und Ihre bisherige Adresse wieder eintragen.

## Die Anmelde-Adresse

where-subject = Hier finden Sie das Mandantenportal von { $practice }
where-what = Jemand, wahrscheinlich Sie selbst, hat gefragt, wo das Mandantenportal ist, in dem Sie sich mit { $address } anmelden. Es ist das von { $practice }.
where-forgot = Wenn Sie Ihr Passwort nicht wissen oder noch nie eines festgelegt haben, wählen Sie dort „Passwort vergessen?“.
where-wrong = Wenn Sie das nicht waren, brauchen Sie nichts zu tun.
hint-subject = Die Adresse zur Anmeldung im Mandantenportal von { $practice }
hint-what = Jemand, wahrscheinlich Sie selbst, hat es im Mandantenportal von { $practice } mit einer anderen E-Mail-Adresse von Ihnen versucht. Mit ihr geht es dort nicht.
hint-this = Bitte melden Sie sich mit dieser Adresse an: { $address }.
hint-wrong = Wenn Sie das nicht waren, brauchen Sie nichts zu tun: Es ist niemand hineingekommen. Wenn Sie sich mit einer anderen Adresse anmelden möchten, wenden Sie sich bitte an { $ask }.
new-subject = Ihre neue Anmelde-Adresse für das Mandantenportal von { $practice }
new-what = Von nun an melden Sie sich im Mandantenportal von { $practice } mit dieser E-Mail-Adresse an: { $address }.
new-same = Ihr Passwort bleibt dasselbe. Mit der bisherigen Adresse können Sie sich nicht mehr anmelden. Die Adresse wurde am { $when } von { $by } geändert.
new-wrong = Wenn Sie diese Änderung nicht erwartet haben, wenden Sie sich bitte an { $ask }, damit es in Ordnung gebracht wird.
old-subject = Nicht mehr Ihre Anmelde-Adresse für das Mandantenportal von { $practice }
old-what = { $address } ist nicht mehr Ihre Anmelde-Adresse für das Mandantenportal von { $practice }.
old-now = Von nun an melden Sie sich mit { $new } an; auch dorthin ging eine E-Mail. Die Adresse wurde am { $when } von { $by } geändert.
old-wrong = Wenn Sie nichts davon wissen, oder wenn { $new } nicht Ihre Adresse ist, wenden Sie sich bitte sofort an { $ask }: Dort kann man es rückgängig machen.
moved-subject = Eine andere Anmelde-Adresse für das Profil von { $moved } im Mandantenportal von { $practice }
moved-what = Das Profil von { $moved } im Mandantenportal von { $practice } hat jetzt eine andere Anmelde-Adresse: { $new }. Sie wurde am { $when } von { $by } geändert.
moved-stay = Sie melden sich weiterhin mit { $address } und Ihrem bisherigen Passwort an. Das Profil von { $moved } sehen Sie dort nicht mehr.
moved-wrong = Wenn Ihnen das falsch vorkommt, wenden Sie sich bitte sofort an { $ask }: Dort kann man es rückgängig machen.

## An Mitarbeiter, über den Arbeitsbereich, dessen Seiten englisch sind

staff-invitation-subject = Ihr Zugang zum Arbeitsbereich von { $practice }
staff-invitation-what = Sie sind in den Arbeitsbereich von { $practice } eingeladen, in dem das Mandantenportal betreut wird.
staff-invitation-begin = Legen Sie zuerst ein Passwort fest. Von da an melden Sie sich im Arbeitsbereich mit dieser E-Mail-Adresse, { $address }, und diesem Passwort an.
staff-reset-subject = Neues Passwort für den Arbeitsbereich von { $practice }
staff-reset-what = Jemand, wahrscheinlich Sie selbst, hat für { $address } ein neues Passwort im Arbeitsbereich von { $practice } angefordert.
staff-reset-then = Sobald Sie ein neues Passwort festgelegt haben, gilt das alte nicht mehr, und Sie sind auf allen Geräten vom Arbeitsbereich abgemeldet. Das Mandantenportal ist davon nicht berührt.
staff-changed-subject = Ihr Passwort für den Arbeitsbereich von { $practice } wurde geändert
staff-changed-what = Das Passwort, mit dem Sie sich als { $address } im Arbeitsbereich von { $practice } anmelden, wurde am { $when } geändert.
staff-changed-wrong = Wenn Sie das nicht waren, legen Sie gleich ein neues Passwort fest: Öffnen Sie die Seite zur Anmeldung im Arbeitsbereich, deren Adresse am Ende dieser E-Mail steht, und wählen Sie „Forgot your password?“ (Passwort vergessen). Danach wenden Sie sich bitte an { $ask }.
test-subject = Eine Test-E-Mail aus dem Arbeitsbereich von { $practice }
test-what = Dies ist eine Test-E-Mail, die Sie aus dem Arbeitsbereich von { $practice } an Ihre eigene Adresse { $address } geschickt haben.
test-good = Dass sie angekommen ist, zeigt, dass E-Mails hinausgehen. Ihre Mandanten sehen denselben Absender, und eine Antwort von ihnen geht dorthin, wohin Ihre Antwort auf diese E-Mail ginge.
test-wrong = Wenn Sie sie nicht geschickt haben, ist jemand anderes unter Ihrem Namen angemeldet: Bitte ändern Sie Ihr Passwort.
