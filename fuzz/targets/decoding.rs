//! Any answer to any operation decodes or names where it does not; what decodes survives being
//! encoded and decoded again.
//!
//! An input is the operation's place in the registry (two bytes, the lower first), the status (the
//! same), and the body.

#![no_main]

use intercom_api::registry::OPERATIONS;
use intercom_api::{ApiError, Headers, Response};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some(([low, high, status_low, status_high], body)) = input.split_first_chunk() else {
        return;
    };
    let entry = &OPERATIONS[usize::from(u16::from_le_bytes([*low, *high])) % OPERATIONS.len()];
    let mut response = Response::new(200, body.to_vec());
    if let Some(round_trip) = entry.round_trip {
        match round_trip(&response) {
            Ok(value) => {
                let again = Response::new(200, value.to_string());
                let twice = round_trip(&again).expect("what was decoded decodes again");
                assert_eq!(value, twice, "{} loses something the second time", entry.name);
            }
            Err(error) => assert!(!error.path.is_empty()),
        }
    }
    response.status = u16::from_le_bytes([*status_low, *status_high]);
    let text = String::from_utf8_lossy(body);
    response.headers = Headers::from_iter([("Link", &*text), ("Date", &*text)]);
    let refusal = ApiError::from_response(&response);
    assert!(refusal.to_string().len() < 10_000, "an error message as long as the answer");
});
