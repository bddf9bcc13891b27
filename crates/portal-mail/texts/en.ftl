# The texts of the mails. Every key stands in every language, with the same variables. A text has one line, or one for each choice.

## Around every mail

hello = Hello { $name },
hello-nobody = Hello,
ask = { $practice } ({ $contact })
ask-usual = { $practice } in the way you usually do
questions = Questions? { $contact }
questions-usual = Questions? Please ask { $practice } in the way you usually do.
way-to-portal = To get to the client portal at any time, type this address into your browser:
way-to-workspace = To get to the workspace at any time, type this address into your browser:
note = A note from { $practice }:
names = { $before } and { $last }
moment = { $day } { $month ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[12] December
    } { $year }, { $time } UTC

## Pages to open

choose-password = Choose a password
choose-password-lead = Choose your password on this page:
link-once = The link works once, until { $until }. Please do not pass it on: whoever has it can choose your password.
sign-in = Sign in
sign-in-lead = You sign in on this page:
button-fails = If the button does not work, copy this address into your browser:

## In several mails

fine-if-you = If it was you, all is well and there is nothing to do.
fine-if-known = If you know about this, there is nothing to do.
forgot = If you do not remember the password, open the sign-in page and choose "Forgot your password?".
link-later = If the link no longer works, open it all the same: the page offers to send you a new one.
not-invited = If you did not expect this mail, you need not do anything: nothing happens unless somebody opens the link and chooses a password. If you are in doubt, ask { $ask }.
not-asked = If it was not you, you need not do anything: as long as nobody opens the link and chooses a password, your password stays as it is. If such mails come again and again, please tell { $ask }.

## Access

activation-subject = Your access to the client portal of { $practice }
activation-what = { $count ->
    [0] { $practice } invites you to its client portal. There you find the papers that are meant for you.
   *[other] { $practice } invites you to its client portal. There you find the papers of { $clients }.
}
activation-begin = To begin, choose a password. From then on you sign in with this e-mail address, { $address }, and that password.
reminder-subject = Your link to the client portal of { $practice } works until { $until }
reminder-what = { $count ->
    [0] { $practice } has invited you to its client portal, where you find the papers that are meant for you. You have not chosen a password yet.
   *[other] { $practice } has invited you to its client portal, where you find the papers of { $clients }. You have not chosen a password yet.
}
reminder-same = It is the link of the mail that you have already.
added-subject = { $count ->
    [0] You now have access to more in the client portal of { $practice }
    [1] You now also have access to { $first } in the client portal of { $practice }
   *[other] You now also have access to { $first } and { $more } more in the client portal of { $practice }
}
added-what = { $count ->
    [0] You now also have access to more in the client portal of { $practice }.
   *[other] You now also have access to { $clients } in the client portal of { $practice }.
}
added-same = Nothing changes for signing in: use this e-mail address, { $address }, and the password you already have. After you have signed in, you choose what you want to see.
added-wrong = If you did not expect this mail, please tell { $ask }, so that it can be put right.

## The password

reset-subject = Choose a new password for the client portal of { $practice }
reset-what = Somebody, probably you, asked for a new password for { $address } in the client portal of { $practice }.
reset-then = When you have chosen a new password, the old one no longer works, and you are signed out on all devices.
changed-subject = Your password for the client portal of { $practice } was changed
changed-what = The password with which you sign in as { $address } to the client portal of { $practice } was changed on { $when }.
changed-wrong = If it was not you, choose a new password now: open the sign-in page, whose address is at the end of this mail, and choose "Forgot your password?". Then please tell { $ask }.
set-subject = A password was set at your new address for the client portal of { $practice }
set-what = Recently your sign-in address for the client portal of { $practice } was changed from { $address } to { $new }. On { $when } a password was set there, with a link that was mailed to the new address.
set-wrong = If it was not you, or if { $new } is not your address, please tell { $ask } straight away: they can stop the access and put your address back.

## The sign-in address

where-subject = Where to find the client portal of { $practice }
where-what = Somebody, probably you, asked where the client portal is in which you sign in with { $address }. It is that of { $practice }.
where-forgot = If you don't know your password, or never set one, choose "Forgot your password?" there.
where-wrong = If it was not you, you need not do anything.
hint-subject = The address to sign in with to the client portal of { $practice }
hint-what = Somebody, probably you, tried to get into the client portal of { $practice } with another e-mail address of yours. It does not work there.
hint-this = Please sign in with this address: { $address }.
hint-wrong = If it was not you, you need not do anything: nobody got in. If this is not the address you want to sign in with, please tell { $ask }.
new-subject = Sign in to the client portal of { $practice } with this address
new-what = From now on you sign in to the client portal of { $practice } with this e-mail address: { $address }.
new-same = Your password stays the same. The address you used before no longer works for signing in. This was changed on { $when } by { $by }.
new-wrong = If you did not expect this change, please tell { $ask }, so that it can be put right.
old-subject = This is no longer your sign-in address for the client portal of { $practice }
old-what = { $address } is no longer your sign-in address for the client portal of { $practice }.
old-now = From now on you sign in with { $new }; a mail about it went there. This was changed on { $when } by { $by }.
old-wrong = If you do not know about it, or if { $new } is not your address, please tell { $ask } straight away: they can put it back.
moved-subject = The profile of { $moved } has moved in the client portal of { $practice }
moved-what = The profile of { $moved } has moved in the client portal of { $practice }. Its sign-in address is now { $new }. This was changed on { $when } by { $by }.
moved-stay = You still sign in here, with { $address } and the password you have. You no longer see the profile of { $moved } there.
moved-wrong = If it looks wrong to you, please tell { $ask } straight away: they can put it back.

## To staff, about the workspace

staff-invitation-subject = Your access to the workspace of { $practice }
staff-invitation-what = You are invited to the workspace of { $practice }, where its staff look after the client portal.
staff-invitation-begin = To begin, choose a password. From then on you sign in to the workspace with this e-mail address, { $address }, and that password.
staff-reset-subject = Choose a new password for the workspace of { $practice }
staff-reset-what = Somebody, probably you, asked for a new password for { $address } in the workspace of { $practice }.
staff-reset-then = When you have chosen a new password, the old one no longer works, and you are signed out of the workspace on all devices. The client portal is not touched by it.
staff-changed-subject = Your password for the workspace of { $practice } was changed
staff-changed-what = The password with which you sign in as { $address } to the workspace of { $practice } was changed on { $when }.
staff-changed-wrong = If it was not you, choose a new password now: open the sign-in page of the workspace, whose address is at the end of this mail, and choose "Forgot your password?". Then please tell { $ask }.
test-subject = A test mail from the workspace of { $practice }
test-what = This is a test mail, which you sent from the workspace of { $practice } to your own address, { $address }.
test-good = That it arrived says that mails go out. Your clients see the same sender, and an answer of theirs goes where your answer to this mail would go.
test-wrong = If you did not send it, somebody else is signed in as you: please change your password.
