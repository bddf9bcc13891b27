use super::{ATTEMPTS, CallContext, Error, Portal};
use crate::{
    Door, Refusal,
    browser::KnownTo,
    change::Decision,
    decide::{self, ChangedPassword, Decided, SignIn},
    email::{EmailAddress, LoginKey},
    facts::{ContactFacts, LoginGlance, SessionFacts, SignInFacts, VisitFacts},
    id::{CredentialId, Ref, SessionId},
    password::{NewPassword, PasswordFault, TypedPassword},
    port::{PracticeSelector, Verdict},
    practice::Practice,
    session::{PortalSession, ProfileId, SessionToken},
    throttle::{BrowserId, Bucket, CountedTry},
};

/// What a sign-in form holds.
#[derive(Clone)]
pub struct SignInInput<'a> {
    /// The address, as it was typed.
    pub email: &'a str,
    /// The password, as it was typed.
    pub password: &'a str,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
    /// The portal session that the browser has already.
    pub presented: Option<SessionToken>,
    /// The cookie that says to which logins the browser is known (G1).
    pub known: Option<&'a str>,
}

/// A session that began.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The secret for the cookie; it is nowhere else.
    pub token: SessionToken,
    /// The session.
    pub session: PortalSession,
    /// The cookie that says to which logins the browser is known from now on (G1).
    pub known: String,
}

/// A valid session, and who is behind it.
#[derive(Clone, Debug)]
pub struct SessionView {
    /// The practice.
    pub practice: Practice,
    /// The session.
    pub session: PortalSession,
    /// Whom it lets in.
    pub login: LoginGlance,
}

/// A change of password inside a session.
#[derive(Clone)]
pub struct ChangePassword<'a> {
    /// The session.
    pub session: &'a SessionToken,
    /// The password until now.
    pub current: &'a str,
    /// The one from now on.
    pub new: &'a str,
    /// The cookie that says to which logins the browser is known (G1).
    pub known: Option<&'a str>,
}

impl Portal {
    /// Signs in. Whatever the reason of a failure, the same statements run, one password is hashed, and the
    /// refusal is the same (P2): facts, then the try is counted and noted, then the hash, and an enquiry is kept, so that a worker
    /// decides on a hint (M8).
    ///
    /// In a pause nothing is hashed, and the answer takes as long (G1). Too many tries from one origin are refused (G2).
    pub async fn sign_in(&self, context: &CallContext, input: &SignInInput<'_>) -> Result<SignedIn, Error> {
        let practice = self.open_practice(context, Door::Portal).await?;
        let typed = EmailAddress::parse(input.email).ok().map(|email| email.key().clone());
        let Some(password) = TypedPassword::new(input.password) else {
            // Longer than any password is: nothing to look at, but a try of its origin.
            self.admit_origin(context).await?;
            return Err(Refusal::SignInFailed.into());
        };
        // What is no address is looked up too, at a key whose holder is then ignored.
        let key = typed.clone().unwrap_or_else(LoginKey::nobody);
        let facts = self.store.sign_in(context.practice, &key).await?.filter(|_| typed.is_some());
        let credential = facts.as_ref().and_then(|facts| facts.login.credential.clone());
        let known_to = facts.as_ref().zip(credential.as_ref()).map(|(facts, credential)| KnownTo {
            practice: context.practice,
            login: facts.login.id,
            credential: credential.id,
        });
        // The cookie is looked at whether or not there is a login that it could be of.
        let recognised = known_to.unwrap_or_else(|| KnownTo::nobody(context.practice));
        let recognised = input.known.and_then(|cookie| recognised.recognise(&self.tokens, cookie));
        let browser = recognised.filter(|_| known_to.is_some());
        let attempt = self.admit_sign_in(context, &key, known_to.zip(browser)).await?;
        let hash = credential.as_ref().map(|credential| &credential.hash);
        let verdict = self.checked(context, &attempt, &password, hash).await?;
        let counted = attempt.counted;
        let (Some(credential), Some(known_to), Verdict::Match | Verdict::MatchButRehash) =
            (credential, known_to, verdict)
        else {
            self.keep_failed_sign_in(context, input.email, !attempt.paused).await?;
            return Err(Refusal::SignInFailed.into());
        };
        // What was imported is replaced however good it is (P1): it may cost more than ours, and would stand out for ever (P2).
        let outdated = verdict == Verdict::MatchButRehash || credential.kept_as_it_came(known_to.login);
        let rehashed = match outdated {
            // Where there is no place for it now, the next sign-in makes it.
            true => self.hasher.hash(&password).await.ok(),
            false => None,
        };
        let token = SessionToken::from_entropy(self.draw());
        let command = SignIn {
            credential: credential.id,
            hash: token.hash(),
            user_agent: input.user_agent.clone(),
            rehashed,
            counted,
        };
        let opened = self.open_session(context, &practice, (&key, facts), input.presented.as_ref(), &command).await;
        let session = self.given_back(context, &counted, opened).await?;
        let browser = browser.unwrap_or_else(|| BrowserId(self.draw()));
        Ok(SignedIn { token, session, known: known_to.remember(&self.tokens, input.known, browser) })
    }

    /// Decides on the facts that the password was verified against: who changed them since makes a conflict, and they are read anew.
    async fn open_session(
        &self,
        context: &CallContext,
        practice: &Practice,
        (key, mut facts): (&LoginKey, Option<SignInFacts>),
        presented: Option<&SessionToken>,
        command: &SignIn,
    ) -> Result<PortalSession, Error> {
        for _ in 0..ATTEMPTS {
            let replaced = match presented {
                Some(presented) => self.session_facts(context, presented).await?,
                None => None,
            };
            let mut moment = self.moment(context);
            let decided = decide::open_session(practice, facts.as_ref(), replaced.as_ref(), command, &mut moment)?;
            if let Some(session) = self.settle(context, decided).await? {
                return Ok(session);
            }
            facts = self.store.sign_in(context.practice, key).await?;
        }
        Err(Error::Overloaded)
    }

    /// The session of a token, if it is valid now; using it is noted, once a minute.
    /// `NotFound` where there is no such practice.
    pub async fn use_session(&self, practice: &PracticeSelector, token: &SessionToken) -> Result<SessionView, Error> {
        let view = self.valid_visit(practice, token).await?;
        let touch = decide::touch_session(&view.practice, &view.session, self.clock.now());
        if !touch.is_empty() {
            self.store.commit(view.practice.id, &[touch], None).await?;
        }
        Ok(view)
    }

    /// The session of a token, if it is valid now, looked at without being used: nothing is noted (L5).
    pub async fn peek_session(
        &self,
        practice: &PracticeSelector,
        token: &SessionToken,
    ) -> Result<Option<SessionView>, Error> {
        match self.valid_visit(practice, token).await {
            Ok(view) => Ok(Some(view)),
            Err(Error::Refused(Refusal::Unauthorized)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn valid_visit(&self, practice: &PracticeSelector, token: &SessionToken) -> Result<SessionView, Error> {
        let visit = self.visit(practice, token).await?;
        decide::valid_visit(&visit, self.clock.now())?;
        let VisitFacts { practice, session } = visit;
        let (session, login) = session.ok_or(Refusal::Unauthorized)?;
        Ok(SessionView { practice, session, login })
    }

    pub(super) async fn visit(&self, practice: &PracticeSelector, token: &SessionToken) -> Result<VisitFacts, Error> {
        let visit = self.store.visit(practice, &token.hash()).await?;
        Ok(visit.ok_or(Refusal::NotFound { what: "practice" })?)
    }

    /// One's own valid sessions, oldest first.
    pub async fn own_sessions(&self, context: &CallContext, token: &SessionToken) -> Result<Vec<PortalSession>, Error> {
        self.open_practice(context, Door::Portal).await?;
        let facts = self.session_facts(context, token).await?;
        let now = self.clock.now();
        let (_, login) = decide::valid_session(facts.as_ref(), now)?;
        Ok(decide::valid_sessions(login, now).cloned().collect())
    }

    /// Chooses a profile. See [`decide::select_profile`].
    pub async fn select_profile(
        &self,
        context: &CallContext,
        token: &SessionToken,
        profile: ProfileId,
    ) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            let visit = self.visit(&context.practice.into(), token).await?;
            let decided = decide::select_profile(&visit, profile, self.clock.now())?;
            if self.settle(context, decided).await?.is_some() {
                return Ok(());
            }
        }
        Err(Error::Overloaded)
    }

    /// Ends the session of a token. Answers whether it was valid.
    pub async fn sign_out(&self, context: &CallContext, token: &SessionToken) -> Result<bool, Error> {
        self.open_practice(context, Door::Portal).await?;
        for _ in 0..ATTEMPTS {
            let facts = self.session_facts(context, token).await?;
            let decided = decide::sign_out(facts.as_ref(), &mut self.moment(context));
            if let Some(ended) = self.settle(context, decided).await? {
                return Ok(ended);
            }
        }
        Err(Error::Overloaded)
    }

    /// Ends one of one's own sessions, or, without a target, all but this one. See [`decide::end_own_sessions`].
    pub async fn end_own_sessions(
        &self,
        context: &CallContext,
        token: &SessionToken,
        target: Option<SessionId>,
    ) -> Result<usize, Error> {
        self.open_practice(context, Door::Portal).await?;
        for _ in 0..ATTEMPTS {
            let facts = self.session_facts(context, token).await?;
            let decided = decide::end_own_sessions(facts.as_ref(), target, &mut self.moment(context))?;
            if let Some(ended) = self.settle(context, decided).await? {
                return Ok(ended);
            }
        }
        Err(Error::Overloaded)
    }

    /// Ends all sessions of the login a contact is behind, as staff may. Answers how many ended.
    pub async fn end_contact_sessions(&self, context: &CallContext, contact: &Ref) -> Result<usize, Error> {
        let decided = || async move {
            let (_, facts) = self.contact(context, contact).await?;
            context.meant_for(facts.contact.as_ref())?;
            Ok(match (&facts.contact, &facts.login) {
                (Some(contact), Some(login)) => {
                    decide::end_contact_sessions(contact.id, login, &mut self.moment(context))
                }
                _ => Decided { decision: Decision::default(), outcome: 0 },
            })
        };
        self.carry_out(context, decided).await
    }

    /// Ends one session of the login a contact is behind, as staff may. See [`decide::end_contact_session`].
    pub async fn end_contact_session(
        &self,
        context: &CallContext,
        contact: &Ref,
        session: SessionId,
    ) -> Result<(), Error> {
        let decided = || async move {
            let (_, facts) = self.contact(context, contact).await?;
            let ContactFacts { contact: Some(contact), login: Some(login), .. } = &facts else {
                return Err(Refusal::NotFound { what: "session" }.into());
            };
            context.meant_for(Some(contact))?;
            Ok(decide::end_contact_session(contact.id, login, session, &mut self.moment(context))?)
        };
        self.carry_out(context, decided).await
    }

    /// Changes the password inside a session. See [`decide::change_password`].
    pub async fn change_password(
        &self,
        context: &CallContext,
        command: &ChangePassword<'_>,
    ) -> Result<SignedIn, Error> {
        let SessionView { practice, session, .. } = self.use_session(&context.practice.into(), command.session).await?;
        let facts = self.session_facts(context, command.session).await?;
        let (_, login) = decide::valid_session(facts.as_ref(), self.clock.now())?;
        let wrong = || Refusal::PasswordRefused { fault: PasswordFault::CurrentPassword };
        let current = TypedPassword::new(command.current).ok_or_else(wrong)?;
        let credential = login.login.credential.as_ref().ok_or_else(wrong)?;
        let password = self.accept_password(&practice, login, command.new)?;
        let attempt = self.admit_password(context, Bucket::session(session.id)).await?;
        if self.checked(context, &attempt, &current, Some(&credential.hash)).await? == Verdict::NoMatch {
            return Err(wrong().into());
        }
        let counted = attempt.counted;
        let before = KnownTo { practice: practice.id, login: login.login.id, credential: credential.id };
        let changed = self.set_password(context, &practice, command, (before.credential, counted), &password).await;
        let (token, session, credential) = self.given_back(context, &counted, changed).await?;
        let browser = command.known.and_then(|known| before.recognise(&self.tokens, known));
        let browser = browser.unwrap_or_else(|| BrowserId(self.draw()));
        let known = KnownTo { credential, ..before }.remember(&self.tokens, command.known, browser);
        Ok(SignedIn { token, session, known })
    }

    async fn set_password(
        &self,
        context: &CallContext,
        practice: &Practice,
        command: &ChangePassword<'_>,
        (credential, counted): (CredentialId, CountedTry),
        password: &NewPassword,
    ) -> Result<(SessionToken, PortalSession, CredentialId), Error> {
        let hash = self.hasher.hash(password.typed()).await?;
        let token = SessionToken::from_entropy(self.draw());
        let changed = ChangedPassword { credential, hash, session: token.hash(), new_id: self.fresh_id(), counted };
        for _ in 0..ATTEMPTS {
            let facts = self.session_facts(context, command.session).await?;
            let decided = decide::change_password(practice, facts.as_ref(), &changed, &mut self.moment(context))?;
            if let Some(session) = self.settle(context, decided).await? {
                return Ok((token, session, changed.new_id));
            }
        }
        Err(Error::Overloaded)
    }

    pub(super) async fn session_facts(
        &self,
        context: &CallContext,
        token: &SessionToken,
    ) -> Result<Option<SessionFacts>, Error> {
        Ok(self.store.session(context.practice, &token.hash(), self.clock.now()).await?)
    }
}
