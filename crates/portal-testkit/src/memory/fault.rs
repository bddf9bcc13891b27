/// One deliberate mistake of a [`MemoryStore`](super::MemoryStore): a mutant that the conformance suite must catch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A changed aggregate is written whatever its version.
    VersionsIgnored,
    /// A looked-at aggregate is not looked at again.
    LookedAtIgnored,
    /// Versions of changed aggregates are compared before the lock is taken.
    VersionsRacy,
    /// Versions of looked-at aggregates are compared before the lock is taken.
    LookedAtRacy,
    /// An expected aggregate that is gone is no conflict.
    GoneIgnored,
    /// A batch is written decision by decision.
    HalfCommitted,
    /// A key that was given up stays held.
    KeyNotReleased,
    /// Keys are claimed before others are given up.
    ClaimBeforeRelease,
    /// A claim takes the key from its holder.
    ClaimOverwrites,
    /// Whether a key is held is found out before the lock is taken.
    ClaimRacy,
    /// A second contact may have the same reference.
    RefsNotUnique,
    /// A second practice may have the same slug.
    SlugsNotUnique,
    /// A second receipt replaces the first.
    ReceiptsReplaced,
    /// Links of a login are not ended.
    LinksNotEnded,
    /// Links opened by the same commit are ended too.
    OwnLinksEnded,
    /// Links of every login are ended.
    OtherLinksEnded,
    /// A link is used however often.
    LinkUseUnguarded,
    /// Whether a link is usable is found out before the lock is taken.
    LinkUseRacy,
    /// A link is used after its time.
    LinkUsedExpired,
    /// Links go with their login.
    LinksErased,
    /// Sessions of a login are not ended.
    SessionsNotEnded,
    /// Sessions opened by the same commit are ended too.
    OwnSessionsEnded,
    /// Sessions are ended but for one, whichever was meant.
    SpareIgnored,
    /// The note when a session was used may go backwards.
    TouchBackwards,
    /// A session that is over is used again.
    TouchRevives,
    /// Sessions of a practice user are not ended.
    WorkspaceSessionsNotEnded,
    /// Sessions of a practice user are ended but for one, whichever was meant.
    WorkspaceSpareIgnored,
    /// Sessions of the workspace opened by the same commit are ended too.
    OwnWorkspaceSessionsEnded,
    /// The note when a session of the workspace was used may go backwards.
    WorkspaceTouchBackwards,
    /// A note that an ended session of the workspace was used is written.
    WorkspaceTouchEnded,
    /// A note that a session of the workspace was used revives it after its time.
    WorkspaceTouchRevives,
    /// A session of the workspace is found from every practice.
    WorkspaceWallMissing,
    /// A session of the portal is found as one of the workspace.
    AreasMixed,
    /// Events are not written.
    EventsDropped,
    /// Messages are not written.
    MessagesDropped,
    /// A link is found from every practice.
    LinkWallMissing,
    /// A session is found from every practice.
    SessionWallMissing,
    /// A dormant login is found by the address of its contact.
    DormantFound,
    /// Contacts without access count as members.
    MembersWithoutAccess,
    /// Sessions of a former epoch are listed.
    EpochIgnored,
    /// Links whose time is over are listed.
    ExpiredLinksListed,
    /// Keys that were a contact's first are forgotten.
    FormerKeysForgotten,
    /// A view ends a second time.
    ViewingEndedTwice,
    /// Who may look may do so for ever.
    ViewerKept,
    /// A view of another practice is found.
    ViewingWallMissing,
    /// Of the messages about a contact the oldest are told.
    OldestMailFirst,
    /// When a link was opened first is forgotten when it is opened again.
    FirstOpeningLost,
    /// Who tries an address that was a stranger's is led to the contact that moved away from it.
    WrongAddressesHint,
    /// An invitation is reminded of twice for the same number of days.
    RemindedTwice,
    /// Invitations of suspended practices come up.
    SuspendedRemind,
    /// A letter never says that its invitation was overtaken.
    OvertakenHidden,
    /// Tries to sign in keep others waiting.
    TriesGoFirst,
    /// Who had an address once is not found by it.
    FormerAddressUnknown,
    /// Views are forgotten before their time.
    ViewingsForgottenEarly,
    /// A practice that has to be the first one may be any.
    FirstIgnored,
    /// A revoked API key still calls.
    RevokedKeyCalls,
    /// Sessions keep a profile whose client was deleted.
    ProfileKept,
    /// Times are kept to the millisecond.
    MillisecondTimes,
    /// A page begins with what the one before ended with.
    PagesOverlap,
    /// A message is given to every worker.
    LeasedTwice,
    /// A lease that ran out never ends.
    LeaseForEver,
    /// A settlement is written without a lease.
    SettledUnleased,
    /// Awaited messages wait like all others.
    LanesIgnored,
    /// A deferred message is due at once.
    DeferredAtOnce,
    /// An enquiry is given to every worker.
    EnquiryLeasedTwice,
    /// What was written while the clock ran ahead waits until then.
    NeverRecalled,
    /// One practice after another is served, without turns.
    TurnsIgnored,
    /// More mails leave than the hour has room for.
    HourIgnored,
    /// Mail of a suspended practice is sent.
    SuspendedMailLeaves,
    /// Mail about a contact without access is written as if nobody knew its language.
    LanguageOfGrantedOnly,
    /// A practice is deleted before its time.
    DeletedEarly,
    /// Whether a try may go on is found out before the lock is taken.
    AdmitRacy,
    /// A right password stays counted as wrong.
    RefundIgnored,
    /// Tries to sign in are not noted.
    TriesNotNoted,
    /// Notes of tries at one mark are kept, however many there are.
    NotesUnbounded,
    /// A new password by link leaves the pauses as they were.
    TriesKept,
    /// Counters of tries are forgotten before their time.
    TriesForgottenEarly,
    /// Receipts are forgotten before their time.
    ReceiptsForgottenEarly,
    /// Facts say nothing of a pause.
    LockedHidden,
    /// Mail that anybody asked for is not counted.
    AskedMailForgotten,
    /// Practices are found by the keys of their staff too.
    StaffSoughtEverywhere,
    /// Contacts are found by their first address only.
    FirstAddressSought,
    /// The contacts of a client are those of all.
    ClientUnasked,
    /// Events are shown before they are sealed.
    UnsealedShown,
    /// Seals are written whatever the head is.
    SealUnguarded,
    /// An event that is sealed is sealed again.
    SealedAgain,
    /// The head stays where it is.
    HeadKept,
    /// Numbers jump where a sealer went on.
    NumberSkipped,
    /// What waits is given newest first.
    SealedBackwards,
    /// Sealed events are given without their salt.
    SaltForgotten,
    /// A hand-over or a sign-in code is found from every practice.
    PassageWallMissing,
    /// A hand-over is used however often.
    HandoffUseUnguarded,
    /// A code is used however often.
    CodeUseUnguarded,
    /// Whether a hand-over is usable is found out before the lock is taken.
    HandoffUseRacy,
    /// Hand-overs outlive what ends them, with the links of their login or with all others.
    HandoffsNotEnded,
    /// Jobs are given by their times alone, whosoever they are.
    JobTurnsIgnored,
    /// A session that a host was told of is not listed past its absolute limit.
    ToldForgotten,
    /// Sessions count as over before their time.
    OverTooEarly,
    /// Hand-overs and codes are forgotten before their time.
    PassagesForgottenEarly,
    /// An endpoint is replaced whatever its version.
    WebhookUnguarded,
    /// An endpoint is given to every worker.
    WebhookLeasedTwice,
    /// A job is written whatever its version.
    JobVersionsIgnored,
    /// A row may be settled again.
    RowsSettledTwice,
    /// Rows that were staged settled are begun anew too.
    StagedRowsRestarted,
    /// A job is given to two runners.
    JobLeasedTwice,
    /// A dry run is given to whoever takes none.
    DryRunsLeasedUnasked,
    /// Jobs that go on are forgotten.
    JobsAtWorkForgotten,
    /// Jobs whose rows are being stored are listed.
    StagedJobsListed,
    /// What was said of columns is never forgotten.
    ColumnsPiledUp,
    /// What another practice said of columns is told.
    ColumnsOfOthersTold,
    /// Every event is counted, however many there are.
    DaysUnbounded,
    /// A contact is erased that was not deleted, or is erased already.
    ErasedTwice,
    /// Personal values in the journal outlive an erasure.
    JournalKept,
    /// Mail outlives an erasure, and leaves.
    MailKept,
    /// A login that one of two was erased of looks like one person's.
    SharingForgotten,
    /// What others asked for at an address that an erased contact once had is forgotten.
    WishesOfOthersTaken,
    /// Notes of tries at addresses of who was erased stay.
    TriesOfErasedKept,
    /// Notes of tries at an erased contact's address go though somebody has it again.
    TriesOfOthersTaken,
    /// Where a session came from outlives the erasure of whoever it may have been.
    OriginsKept,
    /// A dossier has rows of whoever had the reference before.
    FormerRowsShown,
    /// A dossier lacks sessions of a login that was left.
    LeftSessionsForgotten,
    /// Links that work end with the erasure of one of two.
    HeirForgotten,
    /// Answers outlive an erasure.
    AnswersKept,
    /// Rows of jobs outlive an erasure.
    RowsKept,
    /// Whoever works on a job goes on with what was erased.
    JobsUndisturbed,
    /// Files that are not taken apart yet outlive an erasure.
    FilesKept,
    /// What deletion left is over at once.
    GoneTooEarly,
    /// What is not over is purged.
    PurgedEarly,
    /// An export leaves a contact out.
    ExportForgets,
    /// A dossier has what others tried.
    DossierNamesOthers,
    /// Links of a practice user are not ended.
    StaffLinksNotEnded,
    /// A link of the workspace is used however often.
    StaffLinkUseUnguarded,
    /// A password that is taken away stays.
    StaffPasswordKept,
    /// A practice user and its links are found from every practice.
    StaffWallMissing,
    /// Links of the workspace whose time is over are listed.
    ExpiredStaffLinksListed,
    /// The same report is noted again.
    ReportsTwice,
    /// A complaint hides that the message came back.
    ComplaintsFirst,
    /// A report takes a message from whoever sends it.
    ReportsRelease,
    /// The journal isn't told of reports.
    ReportsUntold,
    /// Nothing is suppressed.
    NeverSuppressed,
    /// A message from before an address was lifted suppresses it anew.
    LateReportSuppresses,
    /// Lifting changes nothing.
    NeverLifted,
    /// Facts don't tell what is suppressed.
    SuppressionHidden,
    /// Letters don't tell what is suppressed.
    SuppressionUntold,
    /// Mail to staff is held back like a contact's.
    StaffMailHeldBack,
    /// What kept mail back to an erased contact stays.
    SuppressionOfErasedKept,
    /// Tries to sign in wait to be decided for ever.
    StaleTriesKept,
    /// A lease makes a try to sign in young again.
    LeasedTriesKept,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 148] = [
        Self::VersionsIgnored,
        Self::LookedAtIgnored,
        Self::VersionsRacy,
        Self::LookedAtRacy,
        Self::GoneIgnored,
        Self::HalfCommitted,
        Self::KeyNotReleased,
        Self::ClaimBeforeRelease,
        Self::ClaimOverwrites,
        Self::ClaimRacy,
        Self::RefsNotUnique,
        Self::SlugsNotUnique,
        Self::ReceiptsReplaced,
        Self::LinksNotEnded,
        Self::OwnLinksEnded,
        Self::OtherLinksEnded,
        Self::LinkUseUnguarded,
        Self::LinkUseRacy,
        Self::LinkUsedExpired,
        Self::LinksErased,
        Self::SessionsNotEnded,
        Self::OwnSessionsEnded,
        Self::SpareIgnored,
        Self::TouchBackwards,
        Self::TouchRevives,
        Self::WorkspaceSessionsNotEnded,
        Self::WorkspaceSpareIgnored,
        Self::OwnWorkspaceSessionsEnded,
        Self::WorkspaceTouchBackwards,
        Self::WorkspaceTouchEnded,
        Self::WorkspaceTouchRevives,
        Self::WorkspaceWallMissing,
        Self::AreasMixed,
        Self::EventsDropped,
        Self::MessagesDropped,
        Self::LinkWallMissing,
        Self::SessionWallMissing,
        Self::DormantFound,
        Self::MembersWithoutAccess,
        Self::EpochIgnored,
        Self::ExpiredLinksListed,
        Self::FormerKeysForgotten,
        Self::ViewingEndedTwice,
        Self::ViewerKept,
        Self::ViewingWallMissing,
        Self::OldestMailFirst,
        Self::FirstOpeningLost,
        Self::WrongAddressesHint,
        Self::RemindedTwice,
        Self::SuspendedRemind,
        Self::OvertakenHidden,
        Self::TriesGoFirst,
        Self::FormerAddressUnknown,
        Self::ViewingsForgottenEarly,
        Self::FirstIgnored,
        Self::RevokedKeyCalls,
        Self::ProfileKept,
        Self::MillisecondTimes,
        Self::PagesOverlap,
        Self::LeasedTwice,
        Self::LeaseForEver,
        Self::SettledUnleased,
        Self::LanesIgnored,
        Self::DeferredAtOnce,
        Self::EnquiryLeasedTwice,
        Self::NeverRecalled,
        Self::TurnsIgnored,
        Self::HourIgnored,
        Self::SuspendedMailLeaves,
        Self::LanguageOfGrantedOnly,
        Self::DeletedEarly,
        Self::AdmitRacy,
        Self::RefundIgnored,
        Self::TriesNotNoted,
        Self::NotesUnbounded,
        Self::TriesKept,
        Self::TriesForgottenEarly,
        Self::ReceiptsForgottenEarly,
        Self::LockedHidden,
        Self::AskedMailForgotten,
        Self::StaffSoughtEverywhere,
        Self::FirstAddressSought,
        Self::ClientUnasked,
        Self::UnsealedShown,
        Self::SealUnguarded,
        Self::SealedAgain,
        Self::HeadKept,
        Self::NumberSkipped,
        Self::SealedBackwards,
        Self::SaltForgotten,
        Self::PassageWallMissing,
        Self::HandoffUseUnguarded,
        Self::CodeUseUnguarded,
        Self::HandoffUseRacy,
        Self::HandoffsNotEnded,
        Self::JobTurnsIgnored,
        Self::ToldForgotten,
        Self::OverTooEarly,
        Self::PassagesForgottenEarly,
        Self::WebhookUnguarded,
        Self::WebhookLeasedTwice,
        Self::JobVersionsIgnored,
        Self::RowsSettledTwice,
        Self::StagedRowsRestarted,
        Self::JobLeasedTwice,
        Self::DryRunsLeasedUnasked,
        Self::JobsAtWorkForgotten,
        Self::StagedJobsListed,
        Self::ColumnsPiledUp,
        Self::ColumnsOfOthersTold,
        Self::DaysUnbounded,
        Self::ErasedTwice,
        Self::JournalKept,
        Self::MailKept,
        Self::SharingForgotten,
        Self::WishesOfOthersTaken,
        Self::TriesOfErasedKept,
        Self::TriesOfOthersTaken,
        Self::OriginsKept,
        Self::FormerRowsShown,
        Self::LeftSessionsForgotten,
        Self::HeirForgotten,
        Self::AnswersKept,
        Self::RowsKept,
        Self::JobsUndisturbed,
        Self::FilesKept,
        Self::GoneTooEarly,
        Self::PurgedEarly,
        Self::ExportForgets,
        Self::DossierNamesOthers,
        Self::StaffLinksNotEnded,
        Self::StaffLinkUseUnguarded,
        Self::StaffPasswordKept,
        Self::StaffWallMissing,
        Self::ExpiredStaffLinksListed,
        Self::ReportsTwice,
        Self::ComplaintsFirst,
        Self::ReportsRelease,
        Self::ReportsUntold,
        Self::NeverSuppressed,
        Self::LateReportSuppresses,
        Self::NeverLifted,
        Self::SuppressionHidden,
        Self::SuppressionUntold,
        Self::StaffMailHeldBack,
        Self::SuppressionOfErasedKept,
        Self::StaleTriesKept,
        Self::LeasedTriesKept,
    ];

    /// Whether a check is made, but too early: on a picture that is old when the write happens.
    pub(super) const fn is_racy(self) -> bool {
        matches!(
            self,
            Self::VersionsRacy | Self::LookedAtRacy | Self::ClaimRacy | Self::LinkUseRacy | Self::HandoffUseRacy
        )
    }
}

/// The mistake of one store, or none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults(pub(super) Option<Fault>);

impl Faults {
    pub(super) fn has(self, fault: Fault) -> bool {
        self.0 == Some(fault)
    }

    /// The store with the racy mistake makes every check on its first, unlocked look.
    pub(super) fn first_look(self) -> Self {
        Self(self.0.filter(|fault| !fault.is_racy()))
    }
}
