// Package payload writes a notice as the body of a webhook: in homeostat's own
// format or as Alertmanager does, version 4.
//
// It owns the shapes of docs/notifications.md. It sends nothing. It is pure: the
// same notice in the same surroundings is the same bytes, so that every attempt
// to deliver it says the same.
package payload

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/notify/news"
)

// Format is the shape of a body.
type Format string

// The formats.
const (
	Homeostat    Format = "homeostat"
	Alertmanager Format = "alertmanager"
)

// Surroundings are what a notice does not know itself.
type Surroundings struct {
	// Host is the name of this machine.
	Host string
	// External is where people reach the dashboard, empty when it is not told.
	External string
	// Link returns the address at which an approval is answered, empty for none.
	Link func(a news.Approval) string
}

// Write returns the body of a notice.
func Write(f Format, n news.Notice, s Surroundings) ([]byte, error) {
	var item any
	switch f {
	case Homeostat:
		item = s.own(n)
	case Alertmanager:
		item = s.group(n)
	default:
		return nil, fmt.Errorf("write notice %s: there is no format %q", n.ID, f)
	}
	body, err := json.Marshal(item)
	if err != nil {
		return nil, fmt.Errorf("write notice %s: %w", n.ID, err)
	}
	return body, nil
}

// message is a body of the format homeostat: type, timestamp and data are what
// Standard Webhooks recommends.
type message struct {
	Type      news.Kind `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      data      `json:"data"`
}

type data struct {
	Host      string         `json:"host"`
	Component string         `json:"component"`
	Severity  string         `json:"severity"`
	Summary   string         `json:"summary"`
	Dashboard string         `json:"dashboard,omitempty"`
	Incident  *news.Incident `json:"incident,omitempty"`
	Approval  *approval      `json:"approval,omitempty"`
	Change    *news.Change   `json:"change,omitempty"`
	Detector  *news.Detector `json:"detector,omitempty"`
}

type approval struct {
	news.Approval
	// AnswerURL is where a person says yes or no without a token.
	AnswerURL string `json:"answer_url,omitempty"`
}

func (s Surroundings) own(n news.Notice) message {
	d := data{
		Host: s.Host, Component: n.Component, Severity: n.Severity.String(), Summary: n.Summary, Dashboard: s.External,
		Incident: n.Incident, Change: n.Change, Detector: n.Detector,
	}
	if n.Approval != nil {
		d.Approval = &approval{*n.Approval, s.answerURL(n)}
	}
	return message{Type: n.Kind, Timestamp: n.At.UTC(), Data: d}
}

func (s Surroundings) answerURL(n news.Notice) string {
	if n.Kind != news.ApprovalNeeded || n.Approval == nil || s.Link == nil {
		return ""
	}
	return s.Link(*n.Approval)
}
