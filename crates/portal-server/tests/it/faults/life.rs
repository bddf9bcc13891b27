//! A service under load, and what is done to it meanwhile.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::task::JoinHandle;

use super::{
    BEYOND_LEASE, Scene,
    check::{Excuses, Figures, check, come_to_an_end, told},
    guesses,
    moody::Moody,
    people::{Person, World},
};
use crate::support::{Database, bed::Served, dice::Dice};

/// So many callers at once.
pub(super) const CALLERS: usize = 12;

/// A scene with callers at work.
pub(super) struct Life {
    pub(super) scene: Scene,
    pub(super) world: Arc<World>,
    pub(super) mail: Moody,
    pub(super) dice: Dice,
    pub(super) excuses: Excuses,
    people: Vec<JoinHandle<Person>>,
    guesser: JoinHandle<usize>,
}

impl Life {
    /// Callers that begin as soon as there is a service.
    pub(super) async fn new(database: Database, dice: &mut Dice) -> Self {
        Self::with(database, dice, false).await
    }

    /// The same; what panics on purpose is answered by 500.
    pub(super) async fn with(database: Database, dice: &mut Dice, forgives_500: bool) -> Self {
        let mail = Moody::start(dice.split()).await;
        let scene = Scene::new(database, &mail.url()).await;
        let world = Arc::new(World::new(Arc::new(mail.clone()), forgives_500));
        let people = (0..CALLERS).map(|number| {
            let person = Person::new(&world, &scene.keys, number, dice.split());
            tokio::spawn(person.live())
        });
        let people = people.collect();
        let guesser = tokio::spawn(guesses::guess(Arc::clone(&world)));
        Self { scene, world, mail, dice: dice.split(), excuses: Excuses::default(), people, guesser }
    }

    /// Starts the service, later than every lease that another may have left.
    pub(super) async fn serve(&self) -> Served {
        self.scene.advance(BEYOND_LEASE);
        let served = self.scene.bed.serve().await;
        self.world.runs_at(served.address());
        served
    }

    /// Lets callers work for a while that chance decides.
    pub(super) async fn a_while(&mut self) {
        let pause = Duration::from_millis(150) + self.dice.pause(Duration::from_millis(900));
        tokio::time::sleep(pause).await;
    }

    /// Ends it: callers get their last answers, mail its way, and everything is looked at.
    pub(super) async fn over(mut self, served: Served) -> Figures {
        self.world.over.store(true, Ordering::SeqCst);
        let mut people = Vec::new();
        for person in self.people {
            people.push(person.await.unwrap());
        }
        let refused = self.guesser.await.unwrap();
        self.mail.is_well(true);
        come_to_an_end(&self.scene, &mut self.excuses).await;
        let (status, log) = served.stop().await;
        assert!(status.success(), "{log}");
        self.excuses.ambiguous = self.mail.ambiguous();
        let figures = check(&self.scene, &self.mail.mails(), &self.excuses).await;
        told(&self.scene, &people).await;
        guesses::counted(&self.scene, refused).await;
        figures
    }
}
