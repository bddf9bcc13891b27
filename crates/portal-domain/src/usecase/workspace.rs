use super::{ATTEMPTS, CallContext, Error, Portal};
use crate::{
    Door, Refusal,
    decide::{self, OpenWorkspace},
    facts::WorkspaceSessionFacts,
    id::Ref,
    practice::{Practice, PracticeUser},
    session::{WorkspaceSession, WorkspaceToken},
};

/// A session of the workspace that began.
#[derive(Clone, Debug)]
pub struct WorkspaceSignedIn {
    /// The secret for the cookie; it is nowhere else.
    pub token: WorkspaceToken,
    /// The session.
    pub session: WorkspaceSession,
}

/// A valid session of the workspace, and whose it is.
#[derive(Clone, Debug)]
pub struct WorkspaceView {
    /// The practice.
    pub practice: Practice,
    /// The session.
    pub session: WorkspaceSession,
    /// The practice user as it is now.
    pub user: PracticeUser,
}

impl Portal {
    /// Begins a session of the workspace for a practice user whom the caller has signed in (W1): nothing is verified here.
    /// `presented` is the session of this workspace that the browser has already; it ends with the same commit.
    pub async fn open_workspace_session(
        &self,
        context: &CallContext,
        user: &Ref,
        user_agent: Option<String>,
        presented: Option<&WorkspaceToken>,
    ) -> Result<WorkspaceSignedIn, Error> {
        let practice = self.open_practice(context, Door::Workspace).await?;
        let token = WorkspaceToken::from_entropy(self.draw());
        let command = OpenWorkspace { hash: token.hash(), user_agent };
        for _ in 0..ATTEMPTS {
            let replaced = match presented {
                Some(presented) => self.workspace_facts(context, presented).await?,
                None => None,
            };
            let user = self.user_facts(context, user, None).await?.user;
            let mut moment = self.moment(context);
            let decided =
                decide::open_workspace_session(&practice, user.as_ref(), replaced.as_ref(), &command, &mut moment)?;
            if let Some(session) = self.settle(context, decided).await? {
                return Ok(WorkspaceSignedIn { token, session });
            }
        }
        Err(Error::Overloaded)
    }

    /// The session of a token, if it is valid now; using it is noted, once a minute.
    pub async fn use_workspace_session(
        &self,
        context: &CallContext,
        token: &WorkspaceToken,
    ) -> Result<WorkspaceView, Error> {
        let view = self.peek_workspace_session(context, token).await?.ok_or(Refusal::Unauthorized)?;
        let touch = decide::touch_workspace_session(&view.practice, &view.session, &self.moment(context));
        if !touch.is_empty() {
            self.store.commit(context.practice, &[touch], None).await?;
        }
        Ok(view)
    }

    /// The session of a token, if it is valid now, looked at without being used: nothing is noted.
    pub async fn peek_workspace_session(
        &self,
        context: &CallContext,
        token: &WorkspaceToken,
    ) -> Result<Option<WorkspaceView>, Error> {
        let practice = self.open_practice(context, Door::Workspace).await?;
        let facts = self.workspace_facts(context, token).await?;
        let valid = decide::valid_workspace_session(facts.as_ref(), &self.moment(context)).is_ok();
        let facts = facts.filter(|_| valid);
        Ok(facts.map(|WorkspaceSessionFacts { session, user }| WorkspaceView { practice, session, user }))
    }

    /// Ends the session of a token. Answers whether it was valid.
    pub async fn leave_workspace(&self, context: &CallContext, token: &WorkspaceToken) -> Result<bool, Error> {
        self.open_practice(context, Door::Workspace).await?;
        for _ in 0..ATTEMPTS {
            let facts = self.workspace_facts(context, token).await?;
            let decided = decide::leave_workspace(facts.as_ref(), &mut self.moment(context));
            if let Some(ended) = self.settle(context, decided).await? {
                return Ok(ended);
            }
        }
        Err(Error::Overloaded)
    }

    pub(super) async fn workspace_facts(
        &self,
        context: &CallContext,
        token: &WorkspaceToken,
    ) -> Result<Option<WorkspaceSessionFacts>, Error> {
        Ok(self.store.workspace_session(context.practice, &token.hash()).await?)
    }
}
