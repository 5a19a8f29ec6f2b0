package sandbox

import (
	"bufio"
	"bytes"
	"encoding/json"
)

// Finding is one line of a check's stdout: a JSON object with these fields. Other
// fields are ignored, other lines are plain output.
type Finding struct {
	// Path is relative to the view; empty for a finding about the whole.
	Path string `json:"path,omitempty"`
	// Line counts from 1; 0 is unknown.
	Line int `json:"line,omitempty"`
	// Level is "error", "warning" or "info".
	Level string `json:"level"`
	// Message is one sentence, at most 4,096 bytes.
	Message string `json:"message"`
}

const (
	maxFindings = 1000
	maxMessage  = 4096 // bytes
)

// ParseFindings takes the findings out of a check's stdout, at most 1,000. The
// guest wrote it, so whatever does not fit is left out.
func ParseFindings(stdout []byte) []Finding {
	var out []Finding
	lines := bufio.NewScanner(bytes.NewReader(stdout))
	lines.Buffer(nil, 64<<10)
	for lines.Scan() && len(out) < maxFindings {
		line := bytes.TrimSpace(lines.Bytes())
		if !bytes.HasPrefix(line, []byte("{")) {
			continue
		}
		var f Finding
		if json.Unmarshal(line, &f) == nil && f.valid() {
			out = append(out, f)
		}
	}
	return out
}

func (f Finding) valid() bool {
	known := f.Level == "error" || f.Level == "warning" || f.Level == "info"
	return known && f.Message != "" && len(f.Message) <= maxMessage && len(f.Path) <= maxMessage && f.Line >= 0
}
