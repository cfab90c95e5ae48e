//! The server's answers.

use crate::network::Network;
use crate::picture;
use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::sync::Arc;

/// The largest picture that is accepted, in bytes.
const MAX_BODY: usize = 1 << 20;

/// The page, `POST /classify`, and `GET /health` for monitoring.
pub fn router(network: Network) -> Router {
    Router::new()
        .route("/", get(|| async { Html(include_str!("page.html")) }))
        .route("/classify", post(classify))
        .route("/health", get(|| async { "ok\n" }))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(Arc::new(network))
}

type Answer = (StatusCode, Json<Value>);

async fn classify(State(network): State<Arc<Network>>, body: Result<Bytes, BytesRejection>) -> Answer {
    let body = match body {
        Ok(body) => body,
        Err(error) => return refusal(error.status(), &error.body_text()),
    };
    let picture = match picture::read(&body) {
        Ok(picture) => picture,
        Err(reason) => return refusal(StatusCode::BAD_REQUEST, &reason),
    };
    match network.classify(&picture) {
        Ok(probabilities) => {
            let ranked = (0..).zip(probabilities).max_by(|(_, one), (_, other)| one.total_cmp(other));
            let digit: u8 = ranked.map_or(0, |(digit, _)| digit);
            let rounded = probabilities.map(|probability| (f64::from(probability) * 1e4).round() / 1e4);
            (StatusCode::OK, Json(json!({ "digit": digit, "probabilities": rounded })))
        }
        Err(error) => refusal(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn refusal(status: StatusCode, reason: &str) -> Answer {
    (status, Json(json!({ "error": reason })))
}
