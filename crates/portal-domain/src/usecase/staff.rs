//! Staff's own way into the workspace (W1): invitation, reset, link, sign-in, and what one does with one's own sessions.

use super::{ATTEMPTS, CallContext, Error, Portal, WorkspaceSignedIn};
use crate::{
    Door, Refusal,
    browser::KnownToStaff,
    decide::{self, ChangedStaffPassword, Decided, Invite, OpenWorkspace, SignInStaff},
    email::{EmailAddress, LoginKey},
    facts::{StaffFacts, StaffSignIn},
    id::{CredentialId, LinkId, Ref, UserId, WorkspaceSessionId},
    link::{LinkPurpose, LinkState},
    password::{NewPassword, PasswordFault, TypedPassword},
    port::Verdict,
    practice::Practice,
    session::{WorkspaceSession, WorkspaceToken},
    staff::{StaffLink, StaffLinkKind},
    throttle::{BrowserId, Bucket, CountedTry},
};

/// What the sign-in form of staff holds.
#[derive(Clone)]
pub struct StaffSignInInput<'a> {
    /// The address, as it was typed.
    pub email: &'a str,
    /// The password, as it was typed.
    pub password: &'a str,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
    /// The session of this workspace that the browser has already.
    pub presented: Option<WorkspaceToken>,
    /// The cookie that says to which practice users the browser is known (G1).
    pub known: Option<&'a str>,
}

/// A session of the workspace that began with a password.
#[derive(Clone, Debug)]
pub struct StaffSignedIn {
    /// The session and its secret.
    pub signed_in: WorkspaceSignedIn,
    /// The cookie that says to which practice users the browser is known from now on (G1).
    pub known: String,
}

/// A change of password inside a session of the workspace.
#[derive(Clone)]
pub struct ChangeStaffPassword<'a> {
    /// The session.
    pub session: &'a WorkspaceToken,
    /// The password until now.
    pub current: &'a str,
    /// The one from now on.
    pub new: &'a str,
    /// The cookie that says to which practice users the browser is known (G1).
    pub known: Option<&'a str>,
}

/// What a link page of the workspace shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffLinkView {
    /// What the link is good for now.
    pub state: LinkState,
    /// Why it was made.
    pub kind: StaffLinkKind,
    /// The practice.
    pub practice: Practice,
    /// The address it was made for; whoever has the token has that mail.
    pub address: String,
}

impl Portal {
    /// Invites a practice user by mail, each time anew. Answers the address that is written to. See [`decide::invite_staff`].
    pub async fn invite_user(&self, context: &CallContext, user: &Ref) -> Result<String, Error> {
        let decided = || async move {
            let (practice, facts) = self.staff_of(context, user).await?;
            let Decided { decision, outcome } =
                decide::invite_staff(&practice, facts.as_ref(), Invite::ByMail, &mut self.moment(context))?;
            Ok(Decided { decision, outcome: outcome.address.as_str().to_owned() })
        };
        self.carry_out(context, decided).await
    }

    /// Makes a set-password link for a practice user and answers its token, for whoever may hand it over. It stands nowhere else,
    /// and no mail is written.
    pub async fn invite_user_by_hand(&self, context: &CallContext, user: &Ref) -> Result<String, Error> {
        for _ in 0..ATTEMPTS {
            let (practice, facts) = self.staff_of(context, user).await?;
            let decided = decide::invite_staff(&practice, facts.as_ref(), Invite::ByHand, &mut self.moment(context))?;
            if let Some(StaffLink { id, signed_with, .. }) = self.settle(context, decided).await? {
                let token = self.tokens.issue(&signed_with, practice.id, id, LinkPurpose::Workspace);
                return token.ok_or(Error::Overloaded);
            }
        }
        Err(Error::Overloaded)
    }

    async fn staff_of(&self, context: &CallContext, user: &Ref) -> Result<(Practice, Option<StaffFacts>), Error> {
        let practice = self.practice(context).await?;
        let user = self.user(context, user).await?;
        Ok((practice, self.store.staff(context.practice, user.id, self.clock.now()).await?))
    }

    /// Looks at a link of the workspace, which changes nothing (L2). A token of the portal is `NotFound`.
    pub async fn view_staff_link(&self, context: &CallContext, token: &str) -> Result<StaffLinkView, Error> {
        let practice = self.open_practice(context, Door::Workspace).await?;
        let (link, facts) = self.staff_link_facts(context, token).await?;
        let state = match decide::usable_staff_link(&link, facts.as_ref(), &self.moment(context)) {
            Ok(_) => LinkState::Usable,
            Err(Refusal::LinkClosed { state }) => state,
            Err(refusal) => return Err(refusal.into()),
        };
        Ok(StaffLinkView { state, kind: link.kind, practice, address: link.address.as_str().to_owned() })
    }

    /// Sets a password by a link of the workspace. Answers the address to sign in with. See [`decide::redeem_staff_link`].
    pub async fn redeem_staff_link(&self, context: &CallContext, token: &str, password: &str) -> Result<String, Error> {
        let practice = self.open_practice(context, Door::Workspace).await?;
        let (mut link, mut facts) = self.staff_link_facts(context, token).await?;
        let user = decide::usable_staff_link(&link, facts.as_ref(), &self.moment(context))?;
        let accepted = self.accept_staff_password(&practice, user, password)?;
        let hash = self.hasher.hash(accepted.typed()).await?;
        for _ in 0..ATTEMPTS {
            let decided = decide::redeem_staff_link(&link, facts.as_ref(), &hash, &mut self.moment(context))?;
            if let Some(outcome) = self.settle(context, decided).await? {
                return Ok(outcome);
            }
            (link, facts) = self.staff_link_facts(context, token).await?;
            let user = decide::usable_staff_link(&link, facts.as_ref(), &self.moment(context))?;
            self.accept_staff_password(&practice, user, password)?;
        }
        Err(Error::Overloaded)
    }

    /// Judges a new password against the practice's rules, its names and the person's (P1).
    fn accept_staff_password(
        &self,
        practice: &Practice,
        facts: &StaffFacts,
        typed: &str,
    ) -> Result<NewPassword, Refusal> {
        self.judge_password(practice, vec![&facts.user.name, facts.user.email.as_str()], typed)
    }

    async fn staff_link_facts(
        &self,
        context: &CallContext,
        token: &str,
    ) -> Result<(StaffLink, Option<StaffFacts>), Error> {
        let unknown = || Error::Refused(Refusal::NotFound { what: "link" });
        let id = self.genuine_staff_link(context, token).ok_or_else(unknown)?;
        let link = self.store.staff_link(context.practice, id).await?.ok_or_else(unknown)?;
        let facts = self.store.staff(context.practice, link.user, self.clock.now()).await?;
        Ok((link, facts))
    }

    /// The link that a token of this practice's workspace opens, whatever became of it; `None` for any other token.
    pub(super) fn genuine_staff_link(&self, context: &CallContext, token: &str) -> Option<LinkId> {
        let id = self.tokens.link_id(token)?;
        self.tokens.opens(token, context.practice, id, LinkPurpose::Workspace).then_some(id)
    }

    /// Signs staff in. What [`sign_in`](Self::sign_in) promises of contacts holds here of staff: the same statements whatever the
    /// reason, one hash, one refusal (P2), with counters of its own (G1) and the origin's in common (G2). A client's address is
    /// nobody's here.
    pub async fn sign_in_staff(
        &self,
        context: &CallContext,
        input: &StaffSignInInput<'_>,
    ) -> Result<StaffSignedIn, Error> {
        let practice = self.open_practice(context, Door::Workspace).await?;
        let typed = EmailAddress::parse(input.email).ok().map(|email| email.key().clone());
        let Some(password) = TypedPassword::new(input.password) else {
            // Longer than any password is: nothing to look at, but a try of its origin.
            self.admit_origin(context).await?;
            return Err(Refusal::SignInFailed.into());
        };
        // What is no address is looked up too, at a key whose holder is then ignored.
        let key = typed.clone().unwrap_or_else(LoginKey::nobody);
        let facts = self.store.staff_sign_in(context.practice, &key).await?.filter(|_| typed.is_some());
        let credential = facts.as_ref().and_then(|facts| facts.credential.clone());
        let known_to = facts.as_ref().zip(credential.as_ref()).map(|(facts, credential)| KnownToStaff {
            practice: context.practice,
            user: facts.user.id,
            credential: credential.id,
        });
        // The cookie is looked at whether or not there is a user that it could be of.
        let recognised = known_to.unwrap_or_else(|| KnownToStaff::nobody(context.practice));
        let recognised = input.known.and_then(|cookie| recognised.recognise(&self.tokens, cookie));
        let browser = recognised.filter(|_| known_to.is_some());
        let bucket = match known_to.zip(browser) {
            Some((known, browser)) => Bucket::staff_browser(known.user, browser),
            None => Bucket::staff_strangers(&key),
        };
        let attempt = self.admit_one(context, self.origin_bucket(context), bucket, None).await?;
        let hash = credential.as_ref().map(|credential| &credential.hash);
        let verdict = self.checked(context, &attempt, &password, hash).await?;
        let counted = attempt.counted;
        let (Some(credential), Some(known_to), Verdict::Match | Verdict::MatchButRehash) =
            (credential, known_to, verdict)
        else {
            return Err(Refusal::SignInFailed.into());
        };
        let rehashed = match verdict {
            // Where there is no place for it now, the next sign-in makes it.
            Verdict::MatchButRehash => self.hasher.hash(&password).await.ok(),
            _ => None,
        };
        let token = WorkspaceToken::from_entropy(self.draw());
        let open = OpenWorkspace { hash: token.hash(), user_agent: input.user_agent.clone() };
        let command = SignInStaff { credential: credential.id, open, rehashed, counted };
        let begun = self.begin_staff(context, &practice, (&key, facts), input.presented.as_ref(), &command).await;
        let session = self.given_back(context, &counted, begun).await?;
        let browser = browser.unwrap_or_else(|| BrowserId(self.draw()));
        let known = known_to.remember(&self.tokens, input.known, browser);
        Ok(StaffSignedIn { signed_in: WorkspaceSignedIn { token, session }, known })
    }

    /// Decides on the facts that the password was verified against: who changed them since makes a conflict, and they are read anew.
    async fn begin_staff(
        &self,
        context: &CallContext,
        practice: &Practice,
        (key, mut facts): (&LoginKey, Option<StaffSignIn>),
        presented: Option<&WorkspaceToken>,
        command: &SignInStaff,
    ) -> Result<WorkspaceSession, Error> {
        for _ in 0..ATTEMPTS {
            let replaced = match presented {
                Some(presented) => self.workspace_facts(context, presented).await?,
                None => None,
            };
            let mut moment = self.moment(context);
            let decided = decide::sign_in_staff(practice, facts.as_ref(), replaced.as_ref(), command, &mut moment)?;
            if let Some(session) = self.settle(context, decided).await? {
                return Ok(session);
            }
            facts = self.store.staff_sign_in(context.practice, key).await?;
        }
        Err(Error::Overloaded)
    }

    /// One's own valid sessions of the workspace, oldest first.
    pub async fn own_workspace_sessions(
        &self,
        context: &CallContext,
        token: &WorkspaceToken,
    ) -> Result<Vec<WorkspaceSession>, Error> {
        self.open_practice(context, Door::Workspace).await?;
        let facts = self.own_staff(context, token).await?;
        let now = self.clock.now();
        let (_, facts) = decide::own_workspace_session(facts.as_ref(), &token.hash(), now)?;
        Ok(decide::valid_workspace_sessions(facts, now).cloned().collect())
    }

    /// Ends one of one's own sessions of the workspace, or, without a target, all but this one.
    pub async fn end_own_workspace_sessions(
        &self,
        context: &CallContext,
        token: &WorkspaceToken,
        target: Option<WorkspaceSessionId>,
    ) -> Result<usize, Error> {
        self.open_practice(context, Door::Workspace).await?;
        for _ in 0..ATTEMPTS {
            let facts = self.own_staff(context, token).await?;
            let mut moment = self.moment(context);
            let decided = decide::end_own_workspace_sessions(facts.as_ref(), &token.hash(), target, &mut moment)?;
            if let Some(ended) = self.settle(context, decided).await? {
                return Ok(ended);
            }
        }
        Err(Error::Overloaded)
    }

    /// Changes the password inside a session of the workspace. See [`decide::change_staff_password`].
    pub async fn change_staff_password(
        &self,
        context: &CallContext,
        command: &ChangeStaffPassword<'_>,
    ) -> Result<StaffSignedIn, Error> {
        let practice = self.use_workspace_session(context, command.session).await?.practice;
        let facts = self.own_staff(context, command.session).await?;
        let (session, facts) =
            decide::own_workspace_session(facts.as_ref(), &command.session.hash(), self.clock.now())?;
        let wrong = || Refusal::PasswordRefused { fault: PasswordFault::CurrentPassword };
        let current = TypedPassword::new(command.current).ok_or_else(wrong)?;
        // Whom the practice's own program signs in may have no password: there is none to be right.
        let credential = facts.credential.as_ref().ok_or_else(wrong)?;
        let password = self.accept_staff_password(&practice, facts, command.new)?;
        let attempt = self.admit_password(context, Bucket::workspace_session(session.id)).await?;
        if self.checked(context, &attempt, &current, Some(&credential.hash)).await? == Verdict::NoMatch {
            return Err(wrong().into());
        }
        let counted = attempt.counted;
        let before = KnownToStaff { practice: practice.id, user: facts.user.id, credential: credential.id };
        let set = self.set_staff_password(context, &practice, command, (before.credential, counted), &password).await;
        let (signed_in, credential) = self.given_back(context, &counted, set).await?;
        let browser = command.known.and_then(|known| before.recognise(&self.tokens, known));
        let browser = browser.unwrap_or_else(|| BrowserId(self.draw()));
        let known = KnownToStaff { credential, ..before }.remember(&self.tokens, command.known, browser);
        Ok(StaffSignedIn { signed_in, known })
    }

    async fn set_staff_password(
        &self,
        context: &CallContext,
        practice: &Practice,
        command: &ChangeStaffPassword<'_>,
        (credential, counted): (CredentialId, CountedTry),
        password: &NewPassword,
    ) -> Result<(WorkspaceSignedIn, CredentialId), Error> {
        let hash = self.hasher.hash(password.typed()).await?;
        let token = WorkspaceToken::from_entropy(self.draw());
        let (session, new_id) = (token.hash(), self.fresh_id());
        let changed = ChangedStaffPassword { credential, hash, session, new_id, counted };
        let own = command.session.hash();
        for _ in 0..ATTEMPTS {
            let facts = self.own_staff(context, command.session).await?;
            let mut moment = self.moment(context);
            let decided = decide::change_staff_password(practice, facts.as_ref(), &own, &changed, &mut moment)?;
            if let Some(session) = self.settle(context, decided).await? {
                return Ok((WorkspaceSignedIn { token, session }, new_id));
            }
        }
        Err(Error::Overloaded)
    }

    /// Whose session a token is of, with all that hangs on the user. Whether the session is valid is told by its being listed.
    async fn own_staff(&self, context: &CallContext, token: &WorkspaceToken) -> Result<Option<StaffFacts>, Error> {
        match self.workspace_facts(context, token).await? {
            Some(facts) => self.staff_facts(context, facts.user.id).await,
            None => Ok(None),
        }
    }

    pub(super) async fn staff_facts(&self, context: &CallContext, user: UserId) -> Result<Option<StaffFacts>, Error> {
        Ok(self.store.staff(context.practice, user, self.clock.now()).await?)
    }
}
