package fake

import (
	"fmt"
	"net/http"
)

// apiError is an error as the API answers it.
type apiError struct {
	Status  int    `json:"-"`
	Code    string `json:"code,omitempty"`
	DocURL  string `json:"doc_url,omitempty"`
	Message string `json:"message"`
	Param   string `json:"param,omitempty"`
	Type    string `json:"type"`

	// early marks an error found before the endpoint began its work: such
	// replies are not kept under the idempotency key.
	early bool
}

const (
	typeInvalid     = "invalid_request_error"
	typeIdempotency = "idempotency_error"
	typeAPI         = "api_error"
)

func refuse(code, param, format string, args ...any) *apiError {
	e := &apiError{Status: http.StatusBadRequest, Type: typeInvalid, Code: code, Param: param, Message: fmt.Sprintf(format, args...)}
	if code != "" {
		e.DocURL = "https://stripe.com/docs/error-codes/" + dashed(code)
	}
	return e
}

func dashed(code string) string {
	b := []byte(code)
	for i, c := range b {
		if c == '_' {
			b[i] = '-'
		}
	}
	return string(b)
}

// missing is the API's answer to an id it does not know: 404 for the object
// that the path names, 400 for one that a parameter names.
func missing(kind, id, param string) *apiError {
	e := refuse("resource_missing", param, "No such %s: '%s'", kind, id)
	if param == "id" {
		e.Status = http.StatusNotFound
	}
	return e
}

func badParam(code, param, format string, args ...any) *apiError {
	e := refuse(code, param, format, args...)
	e.early = true
	return e
}

func broken(message string) *apiError {
	return &apiError{Status: http.StatusInternalServerError, Type: typeAPI, Message: message}
}
