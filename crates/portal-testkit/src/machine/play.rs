//! One history on model and portal, step by step, with everything compared after each.

use std::sync::Arc;

use portal_domain::{
    Refusal,
    time::Timestamp,
    usecase::{ContactAnswer, EmailsInput, Error, RedeemLink},
    view::ContactView,
};

use super::{
    pool::{PASSPHRASES, SPELLINGS},
    post::mail_text,
    resolve::{Deed, Place},
    sight,
    step::{Foreign, Pause, Step},
    told::{self, Lines, differences, sorted},
    world::{Adapters, Mail, World, reference},
};
use crate::{
    build,
    memory::TestClock,
    model::{Answer, Cmd, LinkNo, Model, Observation, Outcome},
};

/// Why a history failed: what was done until then, and where model and portal differ.
#[derive(Clone, Debug)]
pub struct Failure {
    /// One line for every step.
    pub story: Vec<String>,
    /// The difference.
    pub why: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for line in &self.story {
            writeln!(f, "  {line}")?;
        }
        write!(f, "{}", self.why)
    }
}

/// What a history came to.
#[derive(Default)]
pub struct Played {
    /// The practices with all that is known of them.
    pub worlds: Vec<World>,
    /// How often each answer was given, such as `Activate: refused: no_email`.
    pub answers: std::collections::BTreeMap<String, usize>,
}

/// A practice with its model.
struct Side {
    world: World,
    model: Model,
    before: Option<Cmd>,
    /// The next command comes a minute later at least, so that nothing depends on an order within one moment.
    rest: bool,
}

struct Game {
    clock: Arc<TestClock>,
    sides: [Side; 2],
    story: Vec<String>,
    played: Played,
}

type Check = Result<(), String>;

/// Plays a history on two new practices of one store, whose names begin with `name`.
pub async fn play(adapters: Adapters, name: String, seed: u64, steps: Vec<Step>) -> Result<Played, Failure> {
    // Whole minutes, since sessions are noted to the minute.
    let clock = Arc::new(TestClock::at(Timestamp::from_micros(build::NOON.as_micros() / MINUTE * MINUTE)));
    let mut sides = Vec::new();
    for letter in ["a", "b"] {
        let world =
            World::open(&adapters, &clock, &format!("{name}-{letter}"), seed * 2 + u64::from(letter == "b")).await;
        let world = world.map_err(|error| Failure { story: Vec::new(), why: format!("no practice: {error}") })?;
        sides.push(Side { world, model: Model::new(), before: None, rest: false });
    }
    let Ok(sides) = <[Side; 2]>::try_from(sides) else { unreachable!("there are two") };
    let mut game = Game { clock, sides, story: Vec::new(), played: Played::default() };
    match game.all(&steps).await {
        Ok(()) => {
            let [first, second] = game.sides;
            Ok(Played { worlds: vec![first.world, second.world], ..game.played })
        }
        Err(why) => Err(Failure { story: game.story, why }),
    }
}

const MINUTE: i64 = 60_000_000;

impl Game {
    async fn all(&mut self, steps: &[Step]) -> Check {
        for side in &mut self.sides {
            side.world.new_events().await.map_err(broken)?;
        }
        for step in steps {
            self.step(step).await?;
        }
        for side in &mut self.sides {
            side.look("at the end").await?;
        }
        Ok(())
    }

    async fn step(&mut self, step: &Step) -> Check {
        let at = usize::from(step.elsewhere);
        self.pause(at, step.pause).await?;
        let side = &self.sides[at];
        let now = self.clock_now();
        let seen = side.model.observe(now);
        let place = Place { model: &side.model, now, seen: &seen, before: side.before.as_ref() };
        let sensible = place.sensible(&step.act).filter(|_| step.sensible).map(Deed::Do);
        match sensible.unwrap_or_else(|| place.deed(&step.act)) {
            Deed::Do(cmd) => {
                self.tell(at, &format!("{cmd:?}"));
                let answer = self.sides[at].command(&cmd, &seen, now).await?;
                let name: String = format!("{cmd:?}").chars().take_while(char::is_ascii_alphanumeric).collect();
                *self.played.answers.entry(format!("{name}: {answer}")).or_default() += 1;
                self.story.last_mut().expect("the command was told").push_str(&format!(" → {answer}"));
                self.sides[at].before = Some(cmd);
                Ok(())
            }
            Deed::Broken { contact, typed, fault } => {
                self.tell(at, &format!("PutEmails {{ contact: {contact:?}, emails: a good one and {typed:?} }}"));
                self.sides[at].broken_list(&contact, typed, fault).await
            }
            Deed::Foreign(what, thing) => {
                self.tell(at, &format!("{what:?} number {thing} of the other practice"));
                self.foreign(at, what, thing).await
            }
        }
    }

    fn clock_now(&self) -> i64 {
        self.sides[0].world.now().as_micros()
    }

    fn tell(&mut self, at: usize, what: &str) {
        let minutes = (self.clock_now() - build::NOON.as_micros()) / MINUTE + 1;
        let time = format!("day {} {:02}:{:02}", minutes / 1440, minutes / 60 % 24, minutes % 60);
        self.story.push(format!("{time} {} {what}", if at == 0 { "a" } else { "b" }));
    }

    async fn pause(&mut self, at: usize, pause: Pause) -> Check {
        let now = self.clock_now();
        let next = match pause {
            Pause::None if self.sides[at].rest => now + MINUTE,
            Pause::None => now,
            Pause::Minutes(minutes) => now + i64::from(minutes) * MINUTE,
            Pause::Days(days) => now + i64::from(days) * 1440 * MINUTE,
            Pause::ToLimit(which) => {
                let limits = sight::limits(&self.sides[at].world).await.map_err(broken)?;
                match limits.get(usize::from(which) % limits.len().max(1)) {
                    None => now + MINUTE,
                    Some(limit) => {
                        self.clock.set(Timestamp::from_micros(limit - 1));
                        self.sides[at].look("a microsecond before a limit").await?;
                        self.clock.set(Timestamp::from_micros(*limit));
                        self.sides[at].look("at a limit").await?;
                        *limit
                    }
                }
            }
        };
        self.clock.set(Timestamp::from_micros(next));
        self.sides[at].rest = false;
        Ok(())
    }

    /// What belongs to the other practice is not known here (L3, P4), and trying changes nothing on either side.
    async fn foreign(&mut self, at: usize, what: Foreign, thing: usize) -> Check {
        let (here, there) = (&self.sides[at].world, &self.sides[1 - at].world);
        let (portal, context) = (&here.portal, &here.context);
        let token = there.token(LinkNo(thing));
        let cookie = there.cookie(crate::model::SessionNo(thing));
        let code = |result: Result<(), Error>| match result {
            Err(Error::Refused(refusal)) => refusal.code().to_owned(),
            other => format!("{other:?}"),
        };
        let (found, expected) = match what {
            Foreign::Look => (code(portal.view_link(context, token).await.map(drop)), "not_found"),
            Foreign::Redeem => {
                let command = RedeemLink { token, password: PASSPHRASES[0] };
                (code(portal.redeem_link(context, &command).await.map(drop)), "not_found")
            }
            Foreign::Renew => (format!("{:?}", portal.ask_for_renewal(context, token).await), "Ok(false)"),
            Foreign::Use => {
                (code(portal.use_session(&context.practice.into(), &cookie).await.map(drop)), "unauthorized")
            }
            Foreign::SignOut => (format!("{:?}", portal.sign_out(context, &cookie).await), "Ok(false)"),
        };
        if found != expected {
            return Err(format!("the tenant wall: expected {expected}, found {found}"));
        }
        for side in &mut self.sides {
            side.look("after a try across practices").await?;
        }
        Ok(())
    }
}

fn broken(error: Error) -> String {
    format!("the portal gave no answer: {error}")
}

impl Side {
    /// Compares all that can be seen.
    async fn look(&mut self, when: &str) -> Check {
        let seen = sight::of_portal(&mut self.world).await.map_err(broken)?;
        let model = sight::of_model(&self.model.observe(self.world.now().as_micros()));
        match differences(&model, &seen) {
            None => Ok(()),
            Some(text) => Err(format!("what is seen {when} differs:{text}")),
        }
    }

    async fn command(&mut self, cmd: &Cmd, before: &Observation, now: i64) -> Result<String, String> {
        let events = self.world.new_events().await.map_err(broken)?;
        if events != 0 {
            return Err(format!("J1: {events} events came from nowhere"));
        }
        let preview = self.world.preview(cmd).await.map_err(broken)?;
        if preview.is_some() {
            self.look("after a preview").await?;
            self.quiet("M7: a preview").await?;
        }
        let (found, outcome) = self.world.perform(cmd).await.map_err(broken)?;
        let queued = self.model.observe(now).messages.len();
        let answer = self.model.apply(now, cmd);
        let expected = told::of_model(cmd, &answer);
        if let Some(text) = differences(&expected, &found) {
            return Err(format!("the answer differs:{text}"));
        }
        let word = |name| found.get(name).cloned().unwrap_or_default();
        let told = match word("answer").as_str() {
            "done" => format!("{} {}", word("outcome"), word("password")).trim().to_owned(),
            other => other.to_owned(),
        };
        if let Some((said, would_be)) = &preview {
            self.deed_as_previewed(said, &found, would_be.as_ref(), outcome.as_ref())?;
        }
        let after = self.model.observe(now);
        let sent = self.world.new_messages(cmd, before).await?;
        let expected: Vec<_> =
            after.messages[queued..].iter().map(|mail| mail_text(&mail.to, mail.kind, mail.link)).collect();
        let (expected, sent_text) =
            (sorted(expected.into_iter()), sorted(sent.iter().map(|mail| mail_text(&mail.to, mail.kind, mail.link))));
        if expected != sent_text {
            return Err(format!("the mail differs: the model queues [{expected}], the portal [{sent_text}]"));
        }
        self.effects_are_true(outcome.as_ref(), &sent)?;
        self.journal_is_true(cmd, &answer, !sent.is_empty()).await?;
        self.look("afterwards").await?;
        self.answer_is_true(outcome.as_ref()).await?;
        self.rest = sent.iter().any(|mail| mail.link.is_some()) || matches!(cmd, Cmd::PutSettings(_));
        Ok(told)
    }

    /// Neither an event nor a message was written.
    async fn quiet(&mut self, who: &str) -> Check {
        let events = self.world.new_events().await.map_err(broken)?;
        let messages = self.world.unread().await.map_err(broken)?.len();
        if (events, messages) == (0, 0) {
            Ok(())
        } else {
            Err(format!("{who} wrote {events} events and {messages} messages"))
        }
    }

    /// M7: the answer of a preview is the one of the deed.
    fn deed_as_previewed(
        &self,
        said: &Lines,
        found: &Lines,
        would_be: Option<&ContactAnswer>,
        outcome: Option<&ContactAnswer>,
    ) -> Check {
        if let Some(text) = differences(said, found) {
            return Err(format!("M7: the preview differs from the deed (taken for the model):{text}"));
        }
        let effects =
            |outcome: Option<&ContactAnswer>| outcome.map(|outcome| (outcome.effects.clone(), outcome.created));
        if effects(would_be) != effects(outcome) {
            return Err(format!("M7: the preview's effects differ: {would_be:?}, then {outcome:?}"));
        }
        Ok(())
    }

    /// D1 and M7: what the effects list is what was queued.
    fn effects_are_true(&self, outcome: Option<&ContactAnswer>, sent: &[Mail]) -> Check {
        let Some(outcome) = outcome else { return Ok(()) };
        let listed = sorted(outcome.effects.messages.iter().map(|mail| format!("{} to {}", mail.kind.code(), mail.to)));
        let queued = sorted(sent.iter().map(|mail| format!("{} to {}", mail.kind.as_str(), mail.to)));
        if listed == queued { Ok(()) } else { Err(format!("D1: the effects list [{listed}], queued was [{queued}]")) }
    }

    /// J1: an event for every change, and none where nothing changed.
    async fn journal_is_true(&mut self, cmd: &Cmd, answer: &Answer, sent: bool) -> Check {
        let due = match answer {
            Answer::Refused(_) => false,
            Answer::Accepted => sent,
            // Which profile is looked at is not in J1's list.
            Answer::Done { .. } if matches!(cmd, Cmd::SelectProfile { .. }) => false,
            Answer::Done { outcome, .. } => *outcome == Outcome::Changed,
        };
        let events = self.world.new_events().await.map_err(broken)?;
        if due == (events > 0) { Ok(()) } else { Err(format!("J1: {events} events, and something changed: {due}")) }
    }

    /// The state that a command answers is the one that is then there.
    async fn answer_is_true(&self, outcome: Option<&ContactAnswer>) -> Check {
        let Some(outcome) = outcome else { return Ok(()) };
        let practice = self.world.practice().await.map_err(broken)?;
        let Some(said) = &outcome.contact else { return Ok(()) };
        let facts = self.world.portal.contacts(&self.world.context, std::slice::from_ref(&said.reference)).await;
        let facts = facts.map_err(broken)?.into_iter().next().unwrap_or_default();
        let found = ContactView::of(&practice, &facts, self.world.now());
        if found.as_ref() == Some(said) {
            return Ok(());
        }
        Err(format!("the contact that was answered is not there:\n    said  {said:?}\n    found {found:?}"))
    }

    /// F5, M5: a list with a fault is refused whole, and the fault is named by its place as submitted.
    async fn broken_list(&mut self, contact: &str, typed: &str, fault: &str) -> Check {
        let known = self.model.observe(self.world.now().as_micros()).contacts.contains_key(contact);
        let emails = vec![SPELLINGS[9].typed.to_owned(), String::new(), typed.to_owned()];
        let input = EmailsInput { emails, join: true, wrong_address: false };
        let answer = self.world.portal.put_emails(&self.world.context, &reference(contact), &input).await;
        match answer {
            Err(Error::Refused(refusal)) if known && names_fault(&refusal, fault) => {}
            Err(Error::Refused(Refusal::NotFound { .. })) if !known => {}
            other => return Err(format!("F5: a list with a {fault} got {other:?}")),
        }
        self.quiet("F5: a refused list").await?;
        self.look("after a refused list").await
    }
}

fn names_fault(refusal: &Refusal, fault: &str) -> bool {
    (refusal.code(), refusal.field().as_deref(), refusal.fault()) == ("invalid_email", Some("emails[2]"), Some(fault))
}
