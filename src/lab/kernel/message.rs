//! Messages of Jupyter's protocol 5: identities, the delimiter, a signature, and four parts in JSON or more.

use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::zmtp::Frames;

const DELIMITER: &[u8] = b"<IDS|MSG>";

/// The key that both sides sign with; without one nothing is signed.
#[derive(Clone)]
pub struct Key(Option<Hmac<Sha256>>);

impl Key {
    /// The key of a connection file.
    pub fn new(key: &str) -> Self {
        // HMAC takes keys of any length.
        Self(
            Some(key).filter(|key| !key.is_empty()).and_then(|key| Hmac::new_from_slice(key.as_bytes()).ok()),
        )
    }

    fn of(&self, parts: &[Vec<u8>]) -> Option<Hmac<Sha256>> {
        let mut mac = self.0.clone()?;
        parts.iter().for_each(|part| mac.update(part));
        Some(mac)
    }

    fn sign(&self, parts: &[Vec<u8>]) -> Vec<u8> {
        let bytes = self.of(parts).map(|mac| mac.finalize().into_bytes());
        bytes.iter().flatten().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
    }

    fn holds(&self, signature: &[u8], parts: &[Vec<u8>]) -> bool {
        let Some(mac) = self.of(parts) else { return true };
        let digits = std::str::from_utf8(signature)
            .ok()
            .filter(|text| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let bytes: Option<Vec<u8>> = digits.and_then(|text| {
            (0..32).map(|index| u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()).collect()
        });
        bytes.is_some_and(|bytes| mac.verify_slice(&bytes).is_ok())
    }
}

/// A message whose signature is right: as it came, and where its parts are.
#[derive(Clone, Debug)]
pub struct Message {
    frames: Frames,
    header_at: usize,
    /// `header`
    pub header: Value,
    /// `parent_header`
    pub parent: Value,
}

impl Message {
    /// Reads a message; `None` if it is no message of Jupyter's, one of its four parts is no JSON, or it is not signed
    /// with the key.
    pub fn read(frames: Frames, key: &Key) -> Option<Self> {
        let header_at = frames.iter().position(|frame| frame == DELIMITER)? + 2;
        let parts = frames.get(header_at..).filter(|parts| parts.len() >= 4)?;
        if !key.holds(&frames[header_at - 1], &parts[..4]) {
            return None;
        }
        let json = |index: usize| serde_json::from_slice::<Value>(&parts[index]).ok();
        let (header, parent, _, _) = (json(0)?, json(1)?, json(2)?, json(3)?);
        Some(Self { frames, header_at, header, parent })
    }

    /// A new message, an answer or report to the one with this header; `identities` say who gets it.
    pub fn answer(identities: &[Vec<u8>], kind: &str, parent: &Value, content: &Value, key: &Key) -> Frames {
        let header = json!({
            "msg_id": format!("{:032x}", rand::random::<u128>()),
            "session": parent["session"],
            "username": "kernel",
            "date": now(),
            "msg_type": kind,
            "version": "5.3",
        });
        let parts = [&header, parent, &json!({}), content].map(|part| part.to_string().into_bytes());
        signed(identities, &parts, key)
    }

    /// A reply to this message.
    pub fn reply(&self, kind: &str, content: &Value, key: &Key) -> Self {
        let header_at = self.header_at;
        let frames = Self::answer(self.identities(), kind, &self.header, content, key);
        let header = serde_json::from_slice(&frames[header_at]).unwrap_or_default();
        Self { frames, header_at, header, parent: self.header.clone() }
    }

    /// `msg_type`
    pub fn kind(&self) -> &str {
        self.header["msg_type"].as_str().unwrap_or("")
    }

    /// `msg_id`
    pub fn id(&self) -> &str {
        self.header["msg_id"].as_str().unwrap_or("")
    }

    /// The `msg_id` of the request that it belongs to.
    pub fn parent_id(&self) -> &str {
        self.parent["msg_id"].as_str().unwrap_or("")
    }

    /// Who sent it or gets it.
    pub fn identities(&self) -> &[Vec<u8>] {
        &self.frames[..self.header_at - 2]
    }

    /// `content`
    pub fn content(&self) -> Value {
        serde_json::from_slice(&self.frames[self.header_at + 3]).unwrap_or_default()
    }

    /// The same message with another content, signed anew.
    pub fn with_content(&self, content: &Value, key: &Key) -> Frames {
        let mut parts = self.frames[self.header_at..].to_vec();
        parts[3] = content.to_string().into_bytes();
        signed(self.identities(), &parts, key)
    }

    /// The same message with these parts, signed anew.
    #[cfg(test)]
    pub fn with_parts(&self, parts: &[Vec<u8>], key: &Key) -> Frames {
        signed(self.identities(), parts, key)
    }

    /// The message as it came.
    pub fn frames(&self) -> &Frames {
        &self.frames
    }

    /// The message without the buffers behind its four parts, which no signature covers.
    pub fn without_buffers(&self) -> Frames {
        self.frames[..self.header_at + 4].to_vec()
    }
}

fn signed(identities: &[Vec<u8>], parts: &[Vec<u8>], key: &Key) -> Frames {
    let signature = key.sign(&parts[..4]);
    [identities, &[DELIMITER.to_vec(), signature], parts].concat()
}

/// The time in ISO 8601, UTC.
fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    iso(since.as_secs(), since.subsec_micros())
}

/// Days become a date as in Hinnant's `civil_from_days`: years begin in March, so that leap days end them.
fn iso(seconds: u64, micros: u32) -> String {
    let days = seconds / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let date = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_rfc_4231() {
        // Its test case 2, cut into parts.
        let parts = ["what do ya ", "want ", "for ", "nothing?"].map(|part| part.as_bytes().to_vec());
        let key = Key::new("Jefe");
        let signature = b"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(key.sign(&parts), signature);
        assert!(key.holds(signature, &parts) && !key.holds(&signature[1..], &parts));
        assert!(!Key::new("other").holds(signature, &parts) && Key::new("").holds(b"", &parts));
        assert!(!key.holds("é".repeat(32).as_bytes(), &parts));
        // A byte below 16 of the signature, written with a sign.
        let signed = String::from_utf8(signature.to_vec()).unwrap().replacen("04", "+4", 1);
        assert!(signed.contains("+4") && !key.holds(signed.as_bytes(), &parts));
    }

    #[test]
    fn dates_are_the_calendars() {
        // From `date -u -d @SECONDS`.
        assert_eq!(iso(0, 0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(iso(951_782_400, 1), "2000-02-29T00:00:00.000001Z");
        assert_eq!(iso(1_735_689_599, 0), "2024-12-31T23:59:59.000000Z");
        assert_eq!(iso(4_107_542_400, 0), "2100-03-01T00:00:00.000000Z");
    }

    #[test]
    fn only_whole_and_signed_messages_are_read() {
        let key = Key::new("secret");
        let parent = json!({ "msg_id": "p", "session": "s" });
        let frames = Message::answer(&[b"me".to_vec()], "status", &parent, &json!({ "a": 1 }), &key);
        let message = Message::read(frames.clone(), &key).unwrap();
        assert_eq!(
            (message.kind(), message.parent_id(), message.content()["a"].as_u64()),
            ("status", "p", Some(1))
        );
        assert_eq!(message.identities(), [b"me".to_vec()]);
        assert!(Message::read(message.with_content(&json!({}), &key), &key).is_some());
        let mut forged = frames.clone();
        *forged.last_mut().unwrap() = b"{}".to_vec();
        assert!(Message::read(forged, &key).is_none());
        assert!(Message::read(frames[..5].to_vec(), &key).is_none(), "parts are missing");
        for index in 0..4 {
            let mut parts = frames[3..].to_vec();
            parts[index] = b"{".to_vec();
            assert!(
                Message::read(message.with_parts(&parts, &key), &key).is_none(),
                "part {index} is no JSON"
            );
        }
        let buffered = [&frames[..], &[vec![0, 255]]].concat();
        assert_eq!(Message::read(buffered, &key).unwrap().without_buffers(), frames);
        assert!(
            Message::read(vec![], &key).is_none() && Message::read(vec![DELIMITER.to_vec()], &key).is_none()
        );
    }
}
