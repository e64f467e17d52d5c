package web

// Redacter is an output that shows a secret once. What Redacted returns is
// kept for replays of the same Idempotency-Key instead of the output itself,
// so that the secret is stored nowhere.
type Redacter interface{ Redacted() any }
