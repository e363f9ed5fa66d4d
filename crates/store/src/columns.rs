//! How the small types of the domain lie in columns: their names in the database, which stay even if a type is renamed.

use antrean_domain::appointment::AppointmentState;
use antrean_domain::consequence::StrikeKind;
use antrean_domain::keys::{PersonKey, PhoneKey};
use antrean_domain::office::OfficeCode;
use antrean_domain::release::{Mode, ReleaseId};
use antrean_domain::service::{PassportKind, ServiceCode};
use antrean_domain::slot::{Pool, WindowStart};

use crate::ids::{AccountId, ApplicantId, PartyId, SlotId};
use crate::{Fault, RowRef, Value};

/// A value with a fixed set of names, kept as text.
pub(crate) trait Named: Copy + 'static {
    /// All values. Its length is also how many placeholders a set of them gets.
    const ALL: &'static [Self];

    /// The name in the database.
    fn name(self) -> &'static str;
}

/// Gives each variant its name; a variant without one does not compile.
macro_rules! named {
    ($kind:ty { $($variant:ident = $name:literal),* $(,)? }) => {
        impl $crate::columns::Named for $kind {
            const ALL: &'static [Self] = &[$(<$kind>::$variant),*];

            fn name(self) -> &'static str {
                match self {
                    $(<$kind>::$variant => $name,)*
                }
            }
        }
    };
}
pub(crate) use named;

named!(AppointmentState {
    Booked = "booked",
    CheckedIn = "checked_in",
    Called = "called",
    Served = "served",
    Cancelled = "cancelled",
    CancelledLate = "cancelled_late",
    Revoked = "revoked",
    NoShow = "no_show",
    Unrecorded = "unrecorded",
});
named!(StrikeKind { NoShow = "no_show", LateCancellation = "late_cancellation" });
named!(Mode { Draw = "draw", FirstCome = "first_come" });
named!(Pool { Public = "public", Priority = "priority", Reserve = "reserve" });
named!(ServiceCode {
    New = "new",
    Replacement = "replacement",
    Child = "child",
    Lost = "lost",
    Damaged = "damaged",
    DataChange = "data_change",
});
named!(PassportKind { Ordinary = "ordinary", Electronic = "electronic" });

/// The name as a parameter.
pub(crate) fn name(of: impl Named) -> Value<'static> {
    Value::Text(of.name())
}

/// A set of states for `state IN (...)` with `N` placeholders: SQL text is fixed, so what is left over repeats the first.
///
/// An empty set fills with a name that no row has.
pub(crate) fn names<const N: usize, T: Named>(of: &[T]) -> [Value<'static>; N] {
    assert!(of.len() <= N, "a set of states names each at most once");
    let spare = of.first().map_or("", |first| first.name());
    std::array::from_fn(|index| Value::Text(of.get(index).map_or(spare, |state| state.name())))
}

impl RowRef<'_> {
    /// One of a fixed set of names.
    pub(crate) fn named<T: Named>(&self, column: usize) -> Result<T, Fault> {
        let name = self.text(column)?;
        T::ALL
            .iter()
            .copied()
            .find(|known| known.name() == name)
            .ok_or_else(|| Fault::corrupt(format!("column {column}: the name {name:?} is unknown")))
    }

    pub(crate) fn account(&self, column: usize) -> Result<AccountId, Fault> {
        self.int(column).map(AccountId)
    }

    pub(crate) fn applicant(&self, column: usize) -> Result<ApplicantId, Fault> {
        self.int(column).map(ApplicantId)
    }

    pub(crate) fn party(&self, column: usize) -> Result<PartyId, Fault> {
        self.int(column).map(PartyId)
    }

    pub(crate) fn slot(&self, column: usize) -> Result<SlotId, Fault> {
        self.int(column).map(SlotId)
    }

    pub(crate) fn person(&self, column: usize) -> Result<PersonKey, Fault> {
        self.bytes(column).map(PersonKey)
    }

    pub(crate) fn phone(&self, column: usize) -> Result<PhoneKey, Fault> {
        self.bytes(column).map(PhoneKey)
    }

    pub(crate) fn release(&self, column: usize) -> Result<ReleaseId, Fault> {
        let text = self.text(column)?;
        ReleaseId::parse(text).map_err(|_| Fault::corrupt(format!("column {column}: {text:?} is no release")))
    }

    pub(crate) fn office(&self, column: usize) -> Result<OfficeCode, Fault> {
        let text = self.text(column)?;
        OfficeCode::parse(text).map_err(|_| Fault::corrupt(format!("column {column}: {text:?} is no office")))
    }

    pub(crate) fn starts(&self, column: usize) -> Result<WindowStart, Fault> {
        let minutes = self.small(column)?;
        WindowStart::from_minutes(minutes)
            .ok_or_else(|| Fault::corrupt(format!("column {column}: minute {minutes} of a day")))
    }
}
