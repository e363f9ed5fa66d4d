//! The numbers by which rows are known. They grow with time, so that new rows land side by side on disk.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

id! {
    /// An account's number.
    AccountId;
    /// A party's number: it also names the party's entry, appointment and ticket.
    PartyId;
    /// The number of an applicant in an account.
    ApplicantId;
    /// A slot's number.
    SlotId;
    /// The number of somebody who works at the offices.
    StaffId;
    /// The number of a passkey.
    PasskeyId;
    /// The number of something that needs a second person.
    ApprovalId;
    /// A closure's number.
    ClosureId;
    /// The number of a change of an office.
    OfficeChangeId;
    /// The number of a counter, over all offices; what is called out is another.
    CounterId;
    /// The number of a visit, over all offices; what is called out is another.
    VisitId;
}
