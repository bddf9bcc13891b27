//! Practice users as an admin looks after them in the workspace: how each comes in, what a change would do, and tests of mail.

use super::{CallContext, Error, Portal, PutUserInput, enquiries::TEST};
use crate::{
    decide::{self, Decided, UserEffects},
    facts::{StaffFacts, UserFacts},
    id::Ref,
    practice::PracticeUser,
    session::WorkspaceSession,
    staff::StaffLink,
};

/// A practice user, and how it comes into the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamMember {
    /// The user.
    pub user: PracticeUser,
    /// Whether a password was set.
    pub password_set: bool,
    /// The latest invitation, whatever became of it.
    pub invitation: Option<StaffLink>,
    /// Valid sessions, oldest first.
    pub sessions: Vec<WorkspaceSession>,
}

impl Portal {
    /// A practice user with its ways in; `NotFound` where there is none.
    pub async fn team_member(&self, context: &CallContext, user: &Ref) -> Result<TeamMember, Error> {
        let user = self.user(context, user).await?;
        let facts = self.staff_facts(context, user.id).await?;
        Ok(self.seen_member(user, facts))
    }

    /// The same of several, in their order.
    pub async fn team_members(
        &self,
        context: &CallContext,
        users: Vec<PracticeUser>,
    ) -> Result<Vec<TeamMember>, Error> {
        let mut members = Vec::with_capacity(users.len());
        for user in users {
            let facts = self.staff_facts(context, user.id).await?;
            members.push(self.seen_member(user, facts));
        }
        Ok(members)
    }

    fn seen_member(&self, user: PracticeUser, facts: Option<StaffFacts>) -> TeamMember {
        let now = self.clock.now();
        let Some(facts) = facts else {
            return TeamMember { user, password_set: false, invitation: None, sessions: Vec::new() };
        };
        let sessions = facts.sessions.into_iter().filter(|session| session.valid(now)).collect();
        TeamMember {
            user: facts.user,
            password_set: facts.credential.is_some(),
            invitation: facts.invitation,
            sessions,
        }
    }

    /// Creates a practice user. See [`decide::add_user`]: `PreconditionFailed` where there is one of this reference.
    pub async fn add_user(&self, context: &CallContext, input: &PutUserInput) -> Result<PracticeUser, Error> {
        let command = &input.command()?;
        let decided = || async move {
            let facts = self.user_facts(context, &command.reference, Some(&command.email)).await?;
            Ok(decide::add_user(&facts, command, &mut self.moment(context))?)
        };
        self.carry_out(context, decided).await
    }

    /// What putting a practice user would do to its ways in; nothing is written (M7).
    pub async fn foresee_user(&self, context: &CallContext, input: &PutUserInput) -> Result<UserEffects, Error> {
        let command = input.command()?;
        let facts = self.user_facts(context, &command.reference, Some(&command.email)).await?;
        let decided = decide::put_user(&facts, &command, &mut self.moment(context))?;
        self.effects_on(context, &facts, &decided).await
    }

    /// What removing a practice user would do; nothing is written (M7).
    pub async fn foresee_removal(&self, context: &CallContext, user: &Ref) -> Result<UserEffects, Error> {
        let facts = self.user_facts(context, user, None).await?;
        let decided = decide::delete_user(&facts, &mut self.moment(context))?;
        self.effects_on(context, &facts, &decided).await
    }

    async fn effects_on<T: Sync>(
        &self,
        context: &CallContext,
        facts: &UserFacts,
        decided: &Decided<T>,
    ) -> Result<UserEffects, Error> {
        let before = match &facts.user {
            Some(user) => self.staff_facts(context, user.id).await?,
            None => None,
        };
        Ok(UserEffects::of(&decided.decision, before.as_ref(), self.clock.now()))
    }

    /// Mails a practice user a test. Answers the address that is written to. See [`decide::send_test_mail`].
    pub async fn send_test_mail(&self, context: &CallContext, user: &Ref) -> Result<String, Error> {
        let decided = || async move {
            let user = self.user(context, user).await?;
            // Asked after the user: what is written later changes the user, and the commit finds out.
            let facts = self.staff_facts(context, user.id).await?;
            let sent = match &facts {
                Some(facts) => {
                    self.asked_mail(context.practice, facts.user.email.key(), TEST, self.clock.now()).await?
                }
                None => Vec::new(),
            };
            Ok(decide::send_test_mail(facts.as_ref(), &sent, &mut self.moment(context))?)
        };
        self.carry_out(context, decided).await
    }
}
