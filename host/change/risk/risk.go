// Package risk puts into the record of a change what it does to the present files, and what host/screen thinks of that.
//
// It judges nothing itself and keeps nothing.
package risk

import (
	"fmt"

	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/refusal"
	"github.com/homeostat/homeostat/host/screen"
)

// Judge has the screen judge what becomes of each path, with root, limits and frequency from in, and writes risk,
// reversibility and reasons into the record.
func Judge(rec *record.Record, in screen.Change, changes []candidate.Change) {
	for _, c := range changes {
		in.Files = append(in.Files, screen.File{Path: c.Path, Before: side(c.Before), After: side(c.After)})
	}
	report := screen.Judge(in)
	rec.Risk, rec.Reversible, rec.Reasons = record.Risk(report.Risk.String()), report.Reversible, nil
	for _, one := range report.Reasons {
		rec.Reasons = append(rec.Reasons, record.Reason{
			Path: one.Path, Line: one.Line, Rule: one.Rule, Text: one.Text, Risk: record.Risk(one.Risk.String()),
		})
	}
}

func side(s candidate.Side) screen.Side {
	kinds := map[candidate.Kind]screen.Kind{
		candidate.File: screen.Regular, candidate.Folder: screen.Folder, candidate.Symlink: screen.Symlink, candidate.Other: screen.Other,
	}
	return screen.Side{Kind: kinds[s.Kind], Content: s.Content, Mode: s.Mode}
}

// Describe puts what the candidate does to the present files into the record.
func Describe(r *record.Record, resolved candidate.Resolved) {
	r.Context, r.Diff = resolved.Context, resolved.Diff()
	r.Paths = make([]record.Path, len(resolved.Changes))
	for i, c := range resolved.Changes {
		r.Paths[i] = record.Path{Path: c.Path, Before: c.Before.Sum(), After: c.After.Sum()}
	}
}

// worst is the first reason for a critical risk, in a sentence.
func worst(reasons []record.Reason) string {
	for _, reason := range reasons {
		if reason.Risk == record.RiskCritical {
			return fmt.Sprintf("%s:%d %s", reason.Path, reason.Line, reason.Text)
		}
	}
	return "no reason given"
}

// Moved refuses a change whose author saw another file.
func Moved(path string) refusal.Refusal {
	return refusal.Refusal{
		Rule: "base.changed", Limit: "files as the author saw them", Value: path + " is another by now",
		Hint: "look at it again and submit the change anew",
	}
}

// Refuse refuses a change of critical risk, for its first critical reason.
func Refuse(reasons []record.Reason) refusal.Refusal {
	return refusal.Refusal{
		Rule: "screen.critical", Limit: "risk high", Value: "risk critical: " + worst(reasons),
		Hint: "take that part out of the change, and do it by hand if it is meant",
	}
}
