package engine

import (
	"encoding/json"
	"net/http"
)

// Failure is the body of every answer of the admin listener that is an error.
type Failure struct {
	Error string `json:"error"`
}

func answerError(w http.ResponseWriter, status int, text string) {
	writeJSON(w, status, Failure{text})
}

func answerJSON(w http.ResponseWriter, v any) { writeJSON(w, http.StatusOK, v) }

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic("BUG: admin: " + err.Error()) // types of ours, all of plain values
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n'))
}
