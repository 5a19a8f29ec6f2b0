package wire

import (
	"fmt"
	"time"

	"github.com/homeostat/homeostat/sdk"
	pb "github.com/homeostat/homeostat/sdk/proto/homeostat/plugin/v1"
)

// ProposalToProto translates a proposal. An action that is nil or unknown to
// the protocol is an error.
func ProposalToProto(p sdk.Proposal) (*pb.ProposeResponse, error) {
	out := &pb.ProposeResponse{
		Reason: text(p.Reason), NotBefore: toNano(p.NotBefore), Probing: p.Probing, Trial: p.Trial, Confidence: p.Confidence,
	}
	for i, a := range p.Actions {
		action, err := actionToProto(a)
		if err != nil {
			return nil, fmt.Errorf("action %d: %w", i+1, err)
		}
		out.Actions = append(out.Actions, action)
	}
	return out, nil
}

// ProposalFromProto translates a proposal back. An action that this side does
// not know is an error: a proposal is carried out wholly or not at all.
func ProposalFromProto(p *pb.ProposeResponse) (sdk.Proposal, error) {
	out := sdk.Proposal{
		Reason: p.GetReason(), NotBefore: fromNano(p.GetNotBefore()), Probing: p.GetProbing(), Trial: p.GetTrial(), Confidence: p.GetConfidence(),
	}
	for i, a := range p.GetActions() {
		action, err := actionFromProto(a)
		if err != nil {
			return sdk.Proposal{}, fmt.Errorf("action %d: %w", i+1, err)
		}
		out.Actions = append(out.Actions, action)
	}
	return out, nil
}

// actionToProto is one flat switch over the closed set.
func actionToProto(a sdk.Action) (*pb.Action, error) {
	switch a := a.(type) {
	case sdk.Start:
		return &pb.Action{Act: &pb.Action_Start{Start: &pb.Start{Component: text(a.Component)}}}, nil
	case sdk.Stop:
		return &pb.Action{Act: &pb.Action_Stop{Stop: &pb.Stop{Component: text(a.Component), Grace: int64(a.Grace)}}}, nil
	case sdk.Restart:
		return &pb.Action{Act: &pb.Action_Restart{Restart: &pb.Restart{Component: text(a.Component), Grace: int64(a.Grace)}}}, nil
	case sdk.Reload:
		return &pb.Action{Act: &pb.Action_Reload{Reload: &pb.Reload{Component: text(a.Component)}}}, nil
	case sdk.SetParameters:
		return &pb.Action{Act: &pb.Action_SetParameters{SetParameters: parametersToProto(a)}}, nil
	case sdk.SubmitChange:
		return &pb.Action{Act: &pb.Action_SubmitChange{SubmitChange: candidateToProto(a)}}, nil
	case sdk.RollbackChange:
		return &pb.Action{Act: &pb.Action_RollbackChange{RollbackChange: &pb.RollbackChange{Change: text(a.Change)}}}, nil
	case sdk.OpenLink:
		return &pb.Action{Act: &pb.Action_OpenLink{OpenLink: &pb.OpenLink{From: text(a.From), To: text(a.To)}}}, nil
	case sdk.CloseLink:
		return &pb.Action{Act: &pb.Action_CloseLink{CloseLink: &pb.CloseLink{From: text(a.From), To: text(a.To)}}}, nil
	case sdk.RunDeclared:
		return &pb.Action{Act: &pb.Action_RunDeclared{RunDeclared: &pb.RunDeclared{Component: text(a.Component), Name: text(a.Name)}}}, nil
	case sdk.Wait:
		return &pb.Action{Act: &pb.Action_Wait{Wait: &pb.Wait{Component: text(a.Component), For: int64(a.For)}}}, nil
	case sdk.HandOver:
		return &pb.Action{Act: &pb.Action_HandOver{HandOver: &pb.HandOver{Component: text(a.Component), Message: text(a.Message)}}}, nil
	}
	return nil, fmt.Errorf("%T is none of the actions of the protocol; pass values, not pointers", a)
}

// actionFromProto is the same switch in the other direction.
func actionFromProto(p *pb.Action) (sdk.Action, error) {
	switch p := p.GetAct().(type) {
	case *pb.Action_Start:
		return sdk.Start{Component: p.Start.GetComponent()}, nil
	case *pb.Action_Stop:
		return sdk.Stop{Component: p.Stop.GetComponent(), Grace: time.Duration(p.Stop.GetGrace())}, nil
	case *pb.Action_Restart:
		return sdk.Restart{Component: p.Restart.GetComponent(), Grace: time.Duration(p.Restart.GetGrace())}, nil
	case *pb.Action_Reload:
		return sdk.Reload{Component: p.Reload.GetComponent()}, nil
	case *pb.Action_SetParameters:
		return parametersFromProto(p.SetParameters), nil
	case *pb.Action_SubmitChange:
		return candidateFromProto(p.SubmitChange), nil
	case *pb.Action_RollbackChange:
		return sdk.RollbackChange{Change: p.RollbackChange.GetChange()}, nil
	case *pb.Action_OpenLink:
		return sdk.OpenLink{From: p.OpenLink.GetFrom(), To: p.OpenLink.GetTo()}, nil
	case *pb.Action_CloseLink:
		return sdk.CloseLink{From: p.CloseLink.GetFrom(), To: p.CloseLink.GetTo()}, nil
	case *pb.Action_RunDeclared:
		return sdk.RunDeclared{Component: p.RunDeclared.GetComponent(), Name: p.RunDeclared.GetName()}, nil
	case *pb.Action_Wait:
		return sdk.Wait{Component: p.Wait.GetComponent(), For: time.Duration(p.Wait.GetFor())}, nil
	case *pb.Action_HandOver:
		return sdk.HandOver{Component: p.HandOver.GetComponent(), Message: p.HandOver.GetMessage()}, nil
	}
	return nil, fmt.Errorf("an act that this homeostat does not know: upgrade homeostat, or build the plugin with an older sdk")
}

func parametersToProto(a sdk.SetParameters) *pb.SetParameters {
	out := &pb.SetParameters{Component: text(a.Component), Values: make(map[string]*pb.Value, len(a.Values))}
	for name, v := range a.Values {
		out.Values[text(name)] = valueToProto(v)
	}
	return out
}

func parametersFromProto(p *pb.SetParameters) sdk.SetParameters {
	out := sdk.SetParameters{Component: p.GetComponent(), Values: make(map[string]sdk.Value, len(p.GetValues()))}
	for name, v := range p.GetValues() {
		out.Values[name] = valueFromProto(v)
	}
	return out
}

func candidateToProto(a sdk.SubmitChange) *pb.SubmitChange {
	return &pb.SubmitChange{Root: text(a.Root), Reason: text(a.Reason), Files: each(a.Files, func(f sdk.FileChange) *pb.FileChange {
		return &pb.FileChange{Path: text(f.Path), Content: f.Content, Delete: f.Delete}
	})}
}

func candidateFromProto(p *pb.SubmitChange) sdk.SubmitChange {
	return sdk.SubmitChange{Root: p.GetRoot(), Reason: p.GetReason(), Files: each(p.GetFiles(), func(f *pb.FileChange) sdk.FileChange {
		return sdk.FileChange{Path: f.GetPath(), Content: f.GetContent(), Delete: f.GetDelete()}
	})}
}
