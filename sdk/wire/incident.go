package wire

import (
	"time"

	"github.com/homeostat/homeostat/sdk"
	pb "github.com/homeostat/homeostat/sdk/proto/homeostat/plugin/v1"
)

// IncidentToProto translates an incident.
func IncidentToProto(in sdk.Incident) *pb.Incident {
	return &pb.Incident{
		Id: text(in.ID), Component: text(in.Component), Components: texts(in.Components), Signature: text(in.Signature),
		Severity: uint32(in.Severity), Opened: toNano(in.Opened), Now: toNano(in.Now),
		Anomalies: each(in.Anomalies, AnomalyToProto), Status: each(in.Status, statusToProto),
		Links: each(in.Links, linkToProto), Attempts: each(in.Attempts, attemptToProto),
		Changes: each(in.Changes, changeToProto), Logs: each(in.Logs, logToProto),
		MaxRestarts: int64(in.Restarts.Max), RestartWindow: int64(in.Restarts.Window),
		Parameters: each(in.Parameters, parameterToProto), Declared: texts(in.Declared),
		Forbidden: each(in.Forbidden, forbiddenToProto),
		Suspects:  each(in.Suspects, suspectToProto), Readings: each(in.Readings, readingToProto),
	}
}

// IncidentFromProto translates an incident back.
func IncidentFromProto(p *pb.Incident) sdk.Incident {
	return sdk.Incident{
		ID: p.GetId(), Component: p.GetComponent(), Components: p.GetComponents(), Signature: p.GetSignature(),
		Severity: severity(p.GetSeverity()), Opened: fromNano(p.GetOpened()), Now: fromNano(p.GetNow()),
		Anomalies: each(p.GetAnomalies(), AnomalyFromProto), Status: each(p.GetStatus(), statusFromProto),
		Links: each(p.GetLinks(), linkFromProto), Attempts: each(p.GetAttempts(), attemptFromProto),
		Changes: each(p.GetChanges(), changeFromProto), Logs: each(p.GetLogs(), logFromProto),
		Restarts:   sdk.RestartLimit{Max: int(p.GetMaxRestarts()), Window: time.Duration(p.GetRestartWindow())},
		Parameters: each(p.GetParameters(), parameterFromProto), Declared: p.GetDeclared(),
		Forbidden: each(p.GetForbidden(), forbiddenFromProto),
		Suspects:  each(p.GetSuspects(), suspectFromProto), Readings: each(p.GetReadings(), readingFromProto),
	}
}

func attemptToProto(a sdk.Attempt) *pb.Attempt {
	return &pb.Attempt{
		Strategy: text(a.Strategy), Actions: each(a.Actions, func(k sdk.ActionKind) string { return text(string(k)) }),
		Targets: texts(a.Targets), At: toNano(a.At), Result: text(string(a.Result)), Text: text(a.Text),
	}
}

func attemptFromProto(p *pb.Attempt) sdk.Attempt {
	return sdk.Attempt{
		Strategy: p.GetStrategy(), Actions: each(p.GetActions(), func(k string) sdk.ActionKind { return sdk.ActionKind(k) }),
		Targets: p.GetTargets(), At: fromNano(p.GetAt()), Result: sdk.Result(p.GetResult()), Text: p.GetText(),
	}
}

func changeToProto(c sdk.ChangeRef) *pb.ChangeRef {
	return &pb.ChangeRef{
		Id: text(c.ID), Root: text(c.Root), Author: text(c.Author), Applied: toNano(c.Applied), Paths: texts(c.Paths),
		Component: text(c.Component), Kind: text(string(c.Kind)), Text: text(c.Text),
	}
}

func changeFromProto(p *pb.ChangeRef) sdk.ChangeRef {
	return sdk.ChangeRef{
		ID: p.GetId(), Root: p.GetRoot(), Author: p.GetAuthor(), Applied: fromNano(p.GetApplied()), Paths: p.GetPaths(),
		Component: p.GetComponent(), Kind: sdk.ChangeKind(p.GetKind()), Text: p.GetText(),
	}
}

func suspectToProto(s sdk.Suspect) *pb.Suspect {
	return &pb.Suspect{Component: text(s.Component), Score: s.Score, Text: text(s.Text)}
}

func suspectFromProto(p *pb.Suspect) sdk.Suspect {
	return sdk.Suspect{Component: p.GetComponent(), Score: p.GetScore(), Text: p.GetText()}
}

func readingToProto(r sdk.Reading) *pb.Reading {
	return &pb.Reading{Component: text(r.Component), Signal: text(r.Signal), Value: r.Value, Unit: text(r.Unit), At: toNano(r.At)}
}

func readingFromProto(p *pb.Reading) sdk.Reading {
	return sdk.Reading{Component: p.GetComponent(), Signal: p.GetSignal(), Value: p.GetValue(), Unit: p.GetUnit(), At: fromNano(p.GetAt())}
}

func parameterToProto(p sdk.Parameter) *pb.Parameter {
	return &pb.Parameter{
		Component: text(p.Component), Name: text(p.Name), Type: text(string(p.Type)), Min: p.Min, Max: p.Max,
		MaxStep: p.MaxStep, Choices: texts(p.Choices), Default: valueToProto(p.Default), Value: valueToProto(p.Value),
	}
}

func parameterFromProto(p *pb.Parameter) sdk.Parameter {
	return sdk.Parameter{
		Component: p.GetComponent(), Name: p.GetName(), Type: sdk.ParameterType(p.GetType()), Min: p.GetMin(), Max: p.GetMax(),
		MaxStep: p.GetMaxStep(), Choices: p.GetChoices(), Default: valueFromProto(p.GetDefault()), Value: valueFromProto(p.GetValue()),
	}
}

func forbiddenToProto(f sdk.Forbidden) *pb.Forbidden {
	return &pb.Forbidden{Reason: text(f.Reason), All: each(f.All, func(c sdk.Condition) *pb.Condition {
		return &pb.Condition{Parameter: text(c.Parameter), Comparison: text(string(c.Is)), Value: valueToProto(c.Value), Other: text(c.Other)}
	})}
}

func forbiddenFromProto(p *pb.Forbidden) sdk.Forbidden {
	return sdk.Forbidden{Reason: p.GetReason(), All: each(p.GetAll(), func(c *pb.Condition) sdk.Condition {
		return sdk.Condition{
			Parameter: c.GetParameter(), Is: sdk.Comparison(c.GetComparison()), Value: valueFromProto(c.GetValue()), Other: c.GetOther(),
		}
	})}
}

func valueToProto(v sdk.Value) *pb.Value {
	return &pb.Value{Number: v.Number, Choice: text(v.Choice)}
}

func valueFromProto(p *pb.Value) sdk.Value {
	return sdk.Value{Number: p.GetNumber(), Choice: p.GetChoice()}
}

// OutcomeToProto translates the end of a recovery.
func OutcomeToProto(o sdk.Outcome) *pb.LearnRequest {
	return &pb.LearnRequest{
		Incident: text(o.Incident), Component: text(o.Component), Signature: text(o.Signature), Proposal: text(o.Proposal),
		Result: text(string(o.Result)), Downtime: int64(o.Downtime), At: toNano(o.At),
	}
}

// OutcomeFromProto translates it back.
func OutcomeFromProto(p *pb.LearnRequest) sdk.Outcome {
	return sdk.Outcome{
		Incident: p.GetIncident(), Component: p.GetComponent(), Signature: p.GetSignature(), Proposal: p.GetProposal(),
		Result: sdk.Result(p.GetResult()), Downtime: time.Duration(p.GetDowntime()), At: fromNano(p.GetAt()),
	}
}
