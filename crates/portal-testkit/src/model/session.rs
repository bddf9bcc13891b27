//! Portal sessions (P3).

use super::answer::{Code, Done, Fault, Outcome, Ruling};
use super::cmd::SessionNo;
use super::link::check_password;
use super::state::{Contact, HOUR, LoginId, MINUTE, Model, Session};

impl Model {
    /// Every request with a valid session starts its idle time anew.
    pub(super) fn touch(&mut self, now: i64, session: SessionNo) {
        let idle_until = now + self.settings.session_idle_minutes * MINUTE;
        if let Some(session) = self.sessions.get_mut(session.0)
            && session.is_valid(now)
        {
            session.idle_until = idle_until;
        }
    }

    fn valid_session(&self, now: i64, session: SessionNo) -> Ruling<&Session> {
        let session = self.sessions.get(session.0).ok_or(Code::Unauthorized)?;
        if session.is_valid(now) { Ok(session) } else { Err(Code::Unauthorized.into()) }
    }

    fn open_session(&mut self, session: Session) -> SessionNo {
        self.sessions.push(session);
        SessionNo(self.sessions.len() - 1)
    }

    /// Ends all sessions of a login.
    pub(super) fn end_sessions(&mut self, login: LoginId) {
        for session in self.sessions.iter_mut().filter(|session| session.login == login) {
            session.ended = true;
        }
    }

    /// The profiles a login sees: its contacts with their clients, the suspended ones left out (A3, A5).
    pub(super) fn profiles(&self, login: LoginId) -> Vec<(String, String)> {
        let mut profiles = Vec::new();
        for contact in self.members_by_ref(login) {
            for client in self.contacts.get(&contact).iter().flat_map(|it| &it.clients) {
                if self.clients.get(client) == Some(&false) {
                    profiles.push((contact.clone(), client.clone()));
                }
            }
        }
        profiles
    }

    /// A live login with that key and exactly that password; a profile is not needed (A5).
    pub(super) fn sign_in(&mut self, now: i64, key: &str, secret: &str) -> Ruling<Done> {
        let login = self.live_login_at(key);
        let right = login.and_then(|login| self.password(login)).is_some_and(|password| password.secret == secret);
        let knows = self.stranger_knows(now, key, right);
        let login = login.filter(|_| knows).ok_or(Code::SignInFailed)?;
        let session = Session {
            login,
            idle_until: now + self.settings.session_idle_minutes * MINUTE,
            absolute_until: now + self.settings.session_absolute_hours * HOUR,
            ended: false,
            selected: None,
        };
        Ok(Done::SignedIn(self.open_session(session)))
    }

    pub(super) fn use_session(&mut self, now: i64, session: SessionNo) -> Ruling<Done> {
        self.valid_session(now, session)?;
        Ok(Done::Plain(Outcome::Unchanged))
    }

    pub(super) fn sign_out(&mut self, now: i64, session: SessionNo) -> Ruling<Done> {
        self.valid_session(now, session)?;
        self.sessions[session.0].ended = true;
        Ok(Done::Plain(Outcome::Changed))
    }

    pub(super) fn select_profile(&mut self, now: i64, session: SessionNo, contact: &str, client: &str) -> Ruling<Done> {
        let login = self.valid_session(now, session)?.login;
        let wanted = (contact.to_owned(), client.to_owned());
        if !self.profiles(login).contains(&wanted) {
            return Err(Code::NotFound.into());
        }
        let selected = &mut self.sessions[session.0].selected;
        if selected.as_ref() == Some(&wanted) {
            return Ok(Done::Plain(Outcome::Unchanged));
        }
        *selected = Some(wanted);
        Ok(Done::Plain(Outcome::Changed))
    }

    /// P3: ends all other sessions, kills all links and gives this browser a new session id. The new id goes on with the
    /// old session's age and profile. P1: confirmed where the password before was.
    pub(super) fn change_password(&mut self, now: i64, session: SessionNo, current: &str, new: &str) -> Ruling<Done> {
        let present = self.valid_session(now, session)?.clone();
        check_password(new)?;
        let Some(password) = self.password(present.login).cloned() else {
            return Err(Fault::CurrentPassword.into());
        };
        if !self.session_knows(now, session.0, password.secret == current) {
            return Err(Fault::CurrentPassword.into());
        }
        self.end_sessions(present.login);
        self.kill_links(now, present.login);
        self.set_password(present.login, new, &password.confirmed_at);
        self.tell_password_changed(present.login);
        Ok(Done::SignedIn(self.open_session(present)))
    }

    /// Staff end all sessions of the login the contact is behind.
    pub(super) fn end_sessions_of_contact(&mut self, now: i64, contact: &str) -> Ruling<Done> {
        let login = self.contacts.get(contact).ok_or(Code::NotFound).map(Contact::live_login)?;
        Ok(self.end_where(now, |_, session| Some(session.login) == login))
    }

    pub(super) fn end_all_sessions(&mut self, now: i64) -> Ruling<Done> {
        Ok(self.end_where(now, |_, _| true))
    }

    /// A session of another login is not to be found.
    pub(super) fn end_own_session(&mut self, now: i64, by: SessionNo, target: SessionNo) -> Ruling<Done> {
        let login = self.valid_session(now, by)?.login;
        match self.valid_session(now, target) {
            Ok(session) if session.login == login => Ok(self.end_where(now, |no, _| no == target)),
            _ => Err(Code::NotFound.into()),
        }
    }

    pub(super) fn end_other_sessions(&mut self, now: i64, by: SessionNo) -> Ruling<Done> {
        let login = self.valid_session(now, by)?.login;
        Ok(self.end_where(now, |no, session| no != by && session.login == login))
    }

    /// Ends the valid sessions of which `which` holds; changed if there was any.
    fn end_where(&mut self, now: i64, which: impl Fn(SessionNo, &Session) -> bool) -> Done {
        let mut outcome = Outcome::Unchanged;
        for (no, session) in self.sessions.iter_mut().enumerate() {
            if session.is_valid(now) && which(SessionNo(no), session) {
                session.ended = true;
                outcome = Outcome::Changed;
            }
        }
        Done::Plain(outcome)
    }
}
