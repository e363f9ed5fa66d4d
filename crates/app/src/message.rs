//! What people are told: a message with the data needed to word it. `words` turns it into text, `channels` carries it.

use antrean_domain::office::OfficeCode;
use antrean_domain::phone::Phone;
use antrean_domain::queue_code::QueueCode;
use antrean_domain::release::ReleaseId;
use antrean_domain::slot::SlotKey;
use antrean_store::ids::AccountId;
use antrean_store::outbox::{self, Urgency};
use antrean_store::{Fault, Tx};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::caller::Language;
use crate::entropy;
use crate::operation::Context;

/// A place as a message states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceTold {
    /// Office, date and start.
    pub slot: SlotKey,
    /// The code to show at the door.
    pub code: QueueCode,
    /// The ticket's link id.
    pub link: String,
}

/// One message to one person.
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "snake_case")]
pub enum Message {
    /// A one-time code.
    Code { code: String, minutes: u32 },
    /// The entry is in; nothing more to do before the draw.
    Entered { release: ReleaseId, link: String, draw: Timestamp },
    /// The draw gave a place.
    Drawn { place: PlaceTold },
    /// The draw gave no place yet: standby with this rank; the next wave goes out then.
    Standby { release: ReleaseId, link: String, rank: u32, next_wave: Option<Timestamp> },
    /// A wave gave a place, or a better one to somebody who asked to be moved.
    Waved { place: PlaceTold },
    /// A place was taken first come.
    Booked { place: PlaceTold },
    /// The appointment was moved by its holder.
    Moved { place: PlaceTold },
    /// The appointment was cancelled by its holder.
    Cancelled { slot: SlotKey, late: bool },
    /// Standby ended without a place.
    StandbyEnded { release: ReleaseId },
    /// The office closed, and the holder has other places.
    MovedByOffice { place: PlaceTold, from: SlotKey },
    /// The office closed, and there were no other places.
    Revoked { slot: SlotKey },
    /// An office was shown that a NIK of the party is somebody else's: the party was ended.
    ClaimMoved { office: OfficeCode },
    /// Nobody came: what follows and how to object.
    Missed { slot: SlotKey, office: OfficeCode, rest_releases: u32 },
}

impl Message {
    /// The message's name in the outbox and in metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Code { .. } => "code",
            Self::Entered { .. } => "entered",
            Self::Drawn { .. } => "drawn",
            Self::Standby { .. } => "standby",
            Self::Waved { .. } => "waved",
            Self::Booked { .. } => "booked",
            Self::Moved { .. } => "moved",
            Self::Cancelled { .. } => "cancelled",
            Self::StandbyEnded { .. } => "standby_ended",
            Self::MovedByOffice { .. } => "moved_by_office",
            Self::Revoked { .. } => "revoked",
            Self::ClaimMoved { .. } => "claim_moved",
            Self::Missed { .. } => "missed",
        }
    }
}

/// To whom a message goes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// The phone of an account, looked up when the message is sent.
    Account(AccountId),
    /// A number that may have no account yet.
    Phone(Phone, Language),
}

/// A message as it lies sealed in the outbox.
#[derive(Debug, Serialize, Deserialize)]
pub struct Letter {
    /// To whom.
    pub to: Recipient,
    /// What.
    pub message: Message,
}

/// The purpose under which letters are sealed.
pub const SEAL_LETTER: &str = "letter";

/// Puts a message into the outbox, in the same transaction as the change it tells of.
pub fn tell(tx: &Tx<'_>, cx: &Context<'_>, to: Recipient, message: Message) -> Result<(), Fault> {
    let kind = message.kind();
    let urgency = if matches!(message, Message::Code { .. }) { Urgency::Urgent } else { Urgency::Patient };
    let plain = serde_json::to_vec(&Letter { to, message }).expect("a letter is plain data");
    let sealed = cx.keys.seal(SEAL_LETTER, &plain, entropy::bytes(cx.entropy));
    outbox::push(tx, kind, urgency, &sealed, cx.now)
}
