# The texts of the portal's pages. Each key stands in every language, with the same variables.

## Around every page

client-portal = Client portal
questions = Questions?
ask-usual = Please ask { $practice } in the way you usually do.
still-no-luck = Still no luck?
email-label = Email address
please-check = Please check:
show-password = Show password
hide-password = Hide password
please-wait = Please wait
please-wait-a-moment = Please wait a moment
too-many = Too many tries from here: wait { $seconds } seconds.

## Sign-in

sign-in = Sign in
sign-in-failed = Sign-in failed
password-is-set = Your password is set.
sign-in-now = Sign in with it now.
failed-title = That did not work
failed-what = The { $email } or the { $password } is not right. These are the usual causes:
failed-email = email address
failed-password = password
failed-several = You have several addresses. Only one of them works: the one to which we write about this portal.
failed-never-set = No password was set yet. Look for our mail with the link to do that, in the folder for spam too.
failed-typed = The password was changed since, or it was typed with a capital letter or a space too many.
ask-for-link = Ask for a link to set a new password
send-link = Send me a link to set a new password
send-link-if = It is sent if { $address } is the address you sign in with.
address-is-kept = Your address is kept below.
signed-in-here = In this browser, { $address } is signed in at the moment.
continue-as = Continue as { $who }
or-switch = Or switch: sign in below, and the other session in this browser ends.
go-on-or-switch = { $link }, or switch: sign in below, and the other session in this browser ends.
go-on-as = Go on as { $who }
then-on-to = Then you go on to { $host }.
password-label = Password
switch-and-sign-in = Switch and sign in
forgot-link = Forgot your password?

## A new password by mail

forgot-title = New password
forgot-heading = Set a new password
forgot-what = Enter the address you sign in with. We send you a link with which you can set a new password.
forgot-send = Send me a link
back-to-sign-in = Back to sign-in
look-into-mailbox = Please look into your mailbox
asked-sent = If { $address } is the address you sign in with, a mail with a link to set a new password is on its way.
next-title = What happens next
next-what = The mail arrives within a few minutes. Its link works once, and only for a short time. With it you set a new password, and then you sign in with that.
no-mail-title = If no mail comes
no-mail-what = For your safety we say here neither whether we know an address nor why no mail is sent. These are the usual causes:
no-mail-spam = The mail lies in the folder for spam, or for advertising.
no-mail-slip = There is a slip in the address above: compare it letter by letter.
no-mail-other = We know you by another address of yours. Only one works: the one to which we write about this portal.
no-mail-often = You asked several times within an hour: then look for one of the earlier mails, the links in them work too.
no-mail-access = Your access is not set up yet, or not any more.
try-another = Try another address

## Setting a password by a link

set-title = Set your password
set-welcome = Welcome! Set your password
set-new = Set a new password
set-what = This is for your portal at { $practice }. From then on you sign in with { $address } and this password.
set-button = Set password
set-then = Then you come to the sign-in page.
not-set-yet = The password is not set yet
new-password = New password
words-help = Three or four words that don’t belong together are easy to remember and hard to guess.
rule-length = At least { $least } characters
rule-same = Twice the same
rule-count = { $count } so far
rule-kept = done
same-again = The same password again
fault-same = The two passwords are not the same: type it twice.
fault-too-short = The password is too short: use at least { $number } characters, for instance four random words.
fault-too-long = The password is too long: use at most { $number } characters.
fault-common = The password is too easy to guess: use three or four random words.
fault-personal = The password is made of a name or an address: use three or four random words.
fault-current = The current password is not right.

## Links that no longer work

link-used-title = Link was used
link-used = This link was used already
link-used-what = A password was set with it, and each link works only once. If that was you, you can { $link }.
link-used-sign-in = sign in with that password
link-used-forgot = If you don’t know the password any more, we send you a new link.
link-expired-title = Link has expired
link-expired = This link has expired
link-expired-what = For your safety a link works for a limited time only. We gladly send you a new one.
link-dead-title = Link no longer works
link-dead = This link no longer works
link-dead-what = Something has changed since it was sent: a newer link was used, the password was changed, or your sign-in address or your access is a different one now.
link-dead-sign-in = If you know your password, { $link }. Otherwise we send you a new link.
link-dead-sign-in-link = sign in
link-renew = Send me a new link
link-renew-where = It goes to the address you sign in with today.
renewed-title = Look into your mailbox
renewed-sent = If you have access to this portal, a mail with a new link is on its way to the address you sign in with.
renewed-else = It arrives within a few minutes. If it doesn’t, look into the folder for spam, or ask us.
to-sign-in = To the sign-in page

## Home

home-title = Your portal
signed-in-as = You are signed in as { $address }.
linked-what = The link you followed is about { $client }, for { $contact }. You are not looking at that now.
linked-switch = Switch and continue
linked-unknown = The link you followed is about something that you can’t look at with this sign-in.
nothing-here = There is nothing here for you at the moment.
nothing-why = Your sign-in works, but no client is open to you just now. Please ask us if you expected something else.
for-contact = for { $contact }
choose = What do you want to look at?
chosen = you are looking at this
places = Where to from here
your-sign-in = Your sign-in
your-address = You sign in with { $address }. If that address is to change, please ask us.
change-password = Change your password
sign-out = Sign out
sessions = Where you are signed in
browser-on = { $browser } on { $system }
browser-unknown-on = A browser on { $system }
browser-unknown = A browser
session-this = (this one)
session-began = Signed in { $when }
session-began-from = Signed in { $when } from { $origin }
session-unused = last used { $when }
session-end = Sign out there
sessions-more = { $count ->
    [one] And one more.
   *[other] And { $count } more.
}
sessions-unknown = If you don’t know one of them, sign it out and change your password.
sessions-end = Sign out everywhere else
past-now = just now
past-minutes = { $count ->
    [one] 1 minute ago
   *[other] { $count } minutes ago
}
past-hours = { $count ->
    [one] 1 hour ago
   *[other] { $count } hours ago
}
past-days = { $count ->
    [one] 1 day ago
   *[other] { $count } days ago
}

## Changing a password

change-stays = You sign in with { $address }. That stays as it is.
change-current = Your password until now
change-button = Change password
change-then = Everywhere else you are signed out then, and links to set a password that we sent before no longer work.
change-back = Back, without a change
changed-title = Password changed
changed = Your password is changed
changed-what = From now on you sign in with the new one. Everywhere else you were signed out.
changed-mail = We also tell you so by mail, so that you would notice if it had not been you.
back-to-portal = Back to your portal

## From and to other programs

handoff = Go on to your portal
handoff-what = You come from a page of ours where you are signed in already, as { $contact } ({ $address }).
handoff-or-switch = { $link }, or switch: then the other session in this browser ends.
handoff-switch = Switch and go on as { $who }
handoff-not-you = If this is not you, close this page.
handoff-used-title = Already used
handoff-used = This way in was used already
handoff-used-what = It works only once. If that was you, { $link }.
handoff-used-link = go on to your portal
handoff-expired-title = Too late
handoff-expired = That took a little too long
handoff-expired-what = For your safety this way in works for one minute only.
handoff-dead-title = No longer works
handoff-dead = This way in no longer works
handoff-dead-what = Something has changed since you set out: your password, your sign-in address or your access is a different one now.
handoff-again = Please go back to the page you came from and try again, or { $link }.
handoff-again-link = sign in here
return-title = Go on
return = Go on to { $host }
return-stay = Stay in your portal
return-choose = As whom do you want to go on?
return-for = go on for { $contact }
lost-title = No way back
lost = We don’t know the way back
lost-what = You were sent here by a page to which we can’t send you back. Please go back to it and tell those who run it.
lost-sign-in = You can { $link } all the same.
lost-sign-in-link = sign in to your portal

## The front, and other hosts

front = Find your portal
front-several = Several practices have their portals here. Enter the address you sign in with, and we mail you the way to yours.
front-send = Mail me the way
front-neutral = For your safety we don’t say here who has a portal, and who doesn’t.
front-sent = If you sign in somewhere here with { $address }, a mail that says where is on its way.
front-else = It arrives within a few minutes. If it doesn’t:
front-else-spam = look into the folder for spam,
front-else-slip = compare the address above letter by letter,
front-else-other = try another address of yours, if that is the one by which you are known,
front-else-ask = or open the portal from an earlier mail, or ask those who invited you.
front-closed-title = Nothing here yet
front-closed = There is no portal here at the moment
front-closed-what = Please try again later, or ask those who sent you here.
front-set-up = Do you run this program? { $link }.
front-set-up-link = Set up the first practice
elsewhere-title = Another address
elsewhere = This portal has another address
elsewhere-what = You came here by an address that is not, or no longer, the right one. Please go on here, and keep this address instead of the old one:
elsewhere-link = Go on to { $host }

## What can go wrong

problem-not-found = This page does not exist
problem-not-found-what = Please check that the address is complete. If it came in a mail, open it from there again.
problem-overloaded = Too much at once
problem-overloaded-what = Too many people are here at once. Please try again in a few seconds.
problem-internal = Something went wrong on our side
problem-internal-what = This is our fault and not yours. Please try again later.
problem-method = This can’t be done here
problem-method-what = This address is not meant to be opened by itself.
problem-forbidden = Not allowed
problem-forbidden-what = This did not come from a page of this portal: open the page again and repeat what you did.
problem-closed = Closed for the time being
problem-closed-what = The portal is closed for the time being, and nothing is lost. Please ask the practice when it opens again.
problem-too-many = Too many requests
problem-other = That did not work
problem-other-what = The page could not do what was asked of it. Please go back, and try again.

## Seen by staff

view-title = As a client sees it
view-who = { $user }, you are looking at the portal of { $contact }.
view-rules = You see what { $contact } sees of { $client } now. Nothing can be changed here, and the look is noted in the history.
view-left = { $count ->
    [one] It ends by itself within a minute.
   *[other] It ends by itself within { $count } minutes.
}
view-end = Stop looking
view-own = Password, sessions and signing out are the client’s own, and are left out here.
view-over = This look at the portal is over
view-over-what = It took half an hour, you ended it or signed out of the workspace, or the contact’s access has changed. Open it again from the contact’s page.
view-over-back = To the workspace
