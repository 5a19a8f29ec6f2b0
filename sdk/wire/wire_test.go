package wire

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/sdk"
	pb "github.com/homeostat/homeostat/sdk/proto/homeostat/plugin/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fill sets every field of a value to something that is not its zero value, as
// far as the type allows, so that a field which the translation forgets shows.
func fill(v reflect.Value, t *rapid.T) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(0, rapid.Int64Range(1, math.MaxInt64).Draw(t, "time")).UTC()))
		return
	case sdk.Severity:
		v.SetUint(uint64(rapid.IntRange(1, 4).Draw(t, "severity")))
		return
	case sdk.Verdict:
		v.SetUint(uint64(rapid.IntRange(1, 2).Draw(t, "verdict")))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(rapid.StringMatching("[a-zé]{1,8}").Draw(t, "text"))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(rapid.Float64Range(0.001, 1).Draw(t, "number"))
	case reflect.Int, reflect.Int64:
		v.SetInt(rapid.Int64Range(1, math.MaxInt32).Draw(t, "whole"))
	case reflect.Uint64, reflect.Uint8:
		v.SetUint(rapid.Uint64Range(1, 200).Draw(t, "natural"))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), t)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), t)
		}
	case reflect.Map:
		value := reflect.New(v.Type().Elem()).Elem()
		fill(value, t)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("key").Convert(v.Type().Key()), value)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), t)
		}
	default:
		t.Fatalf("cannot fill %s", v.Type())
	}
}

func drawn[T any](t *rapid.T) T {
	var out T
	fill(reflect.ValueOf(&out).Elem(), t)
	return out
}

// overWire sends a message through its encoding, as the connection does.
func overWire[M proto.Message](t *rapid.T, in, out M) M {
	data, err := proto.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if err := proto.Unmarshal(data, out); err != nil {
		t.Fatal(err)
	}
	return out
}

func same(t *rapid.T, got, want any) {
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got  %+v\nwant %+v", got, want)
	}
}

func TestWindowsSurviveTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawn[sdk.Window](t)
		for i := range want.Series {
			want.Series[i].Fresh = 1
		}
		same(t, WindowFromProto(overWire(t, WindowToProto(want), &pb.Window{})), want)
	})
}

func TestIncidentsSurviveTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawn[sdk.Incident](t)
		same(t, IncidentFromProto(overWire(t, IncidentToProto(want), &pb.Incident{})), want)
	})
}

func TestSmallMessagesSurviveTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		anomaly := drawn[sdk.Anomaly](t)
		same(t, AnomalyFromProto(overWire(t, AnomalyToProto(anomaly), &pb.Anomaly{})), anomaly)
		mark := drawn[sdk.Mark](t)
		same(t, MarkFromProto(overWire(t, MarkToProto(mark), &pb.FeedbackRequest{})), mark)
		outcome := drawn[sdk.Outcome](t)
		same(t, OutcomeFromProto(overWire(t, OutcomeToProto(outcome), &pb.LearnRequest{})), outcome)
		problem := drawn[sdk.Problem](t)
		same(t, ProblemFromProto(overWire(t, ProblemToProto(problem), &pb.SearchProblem{})), problem)
		genomes := drawn[[]sdk.Genome](t)
		same(t, GenomesFromProto(GenomesToProto(genomes)), genomes)
		scores := drawn[[]sdk.Score](t)
		same(t, ScoresFromProto(ScoresToProto(scores)), scores)
		description := drawn[Description](t)
		same(t, DescriptionFromProto(overWire(t, DescriptionToProto(description), &pb.Description{})), description)
	})
}

func TestProposalsOfEveryActionSurviveTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := sdk.Proposal{
			Reason: "why", NotBefore: time.Unix(5, 0).UTC(), Probing: true, Trial: true, Confidence: 0.5,
			Actions: []sdk.Action{
				drawn[sdk.Start](t), drawn[sdk.Stop](t), drawn[sdk.Restart](t), drawn[sdk.Reload](t),
				drawn[sdk.SetParameters](t), drawn[sdk.SubmitChange](t), drawn[sdk.RollbackChange](t),
				drawn[sdk.OpenLink](t), drawn[sdk.CloseLink](t), drawn[sdk.RunDeclared](t), drawn[sdk.Wait](t), drawn[sdk.HandOver](t),
			},
		}
		sent, err := ProposalToProto(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ProposalFromProto(overWire(t, sent, &pb.ProposeResponse{}))
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, want)
	})
}

func TestZeroValuesSurviveTheWire(t *testing.T) {
	if got := WindowFromProto(WindowToProto(sdk.Window{})); !reflect.DeepEqual(got, sdk.Window{}) {
		t.Errorf("got %+v, want an empty window", got)
	}
	if got := IncidentFromProto(IncidentToProto(sdk.Incident{})); !reflect.DeepEqual(got, sdk.Incident{}) {
		t.Errorf("got %+v, want an empty incident", got)
	}
}

func TestActionsThatCannotTravelAreErrors(t *testing.T) {
	for name, a := range map[string]sdk.Action{"nil": nil, "pointer": &sdk.Start{Component: "web"}} {
		if _, err := ProposalToProto(sdk.Proposal{Actions: []sdk.Action{a}}); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if _, err := ProposalFromProto(&pb.ProposeResponse{Actions: []*pb.Action{{}}}); err == nil || !strings.Contains(err.Error(), "upgrade homeostat") {
		t.Errorf("got %v, want to be told which side to upgrade", err)
	}
}

func TestHostileSeriesCannotMisleadADetector(t *testing.T) {
	got := seriesFromProto(&pb.Series{Times: []int64{1, 2, 3}, Values: []float64{1}, Fresh: 99})
	if len(got.Times) != 1 || len(got.Values) != 1 || got.Fresh != 1 {
		t.Errorf("got %+v, want columns of one and fresh within them", got)
	}
	if got := seriesFromProto(&pb.Series{Fresh: -4}); got.Fresh != 0 {
		t.Errorf("got fresh %d, want 0", got.Fresh)
	}
}

func TestInvalidTextIsMadeFitToTravel(t *testing.T) {
	in := sdk.Window{Component: "web", Logs: []sdk.LogLine{{Text: "half a \xe2\x82 rune"}}}
	if _, err := proto.Marshal(WindowToProto(in)); err != nil {
		t.Errorf("got %v, want invalid text replaced", err)
	}
}

func TestErrorsKeepTheirMeaningAcrossTheBorder(t *testing.T) {
	cases := []struct{ in, want error }{
		{ToStatus(context.DeadlineExceeded), context.DeadlineExceeded},
		{ToStatus(fmt.Errorf("wrapped: %w", context.Canceled)), context.Canceled},
		{status.Error(codes.Unavailable, "x"), ErrGone},
		{Unsupported("train"), ErrUnsupported},
		{status.Error(codes.ResourceExhausted, "x"), ErrTooLarge},
	}
	for _, c := range cases {
		if got := fromStatus("call", c.in); !errors.Is(got, c.want) {
			t.Errorf("%v: got %v, want %v", c.in, got, c.want)
		}
	}
	var own *PluginError
	if got := fromStatus("call", ToStatus(errors.New("no such table"))); !errors.As(got, &own) || own.Text != "no such table" {
		t.Errorf("got %v, want the plugin's own words", got)
	}
	if got := fromStatus("call", nil); got != nil {
		t.Errorf("got %v, want nil", got)
	}
	if long := status.Convert(ToStatus(errors.New(strings.Repeat("x", 1<<20)))); len(long.Message()) > maxErrorText {
		t.Errorf("got %d bytes of error, at most %d may travel", len(long.Message()), maxErrorText)
	}
}

func TestVersionMismatchSaysWhichSideToUpgrade(t *testing.T) {
	if got := VersionMismatch(Version + 1).Error(); !strings.Contains(got, "upgrade homeostat") {
		t.Errorf("newer plugin: %q", got)
	}
	if got := VersionMismatch(Version - 1).Error(); !strings.Contains(got, "build the plugin again") {
		t.Errorf("older plugin: %q", got)
	}
	if v, ok := OfferedVersion("1|7|unix|/x|grpc|cert\n"); !ok || v != 7 {
		t.Errorf("got %d, %v, want 7", v, ok)
	}
	for _, line := range []string{"", "1|2", "9|1|unix|/x|grpc", "1|x|unix|/x|grpc"} {
		if _, ok := OfferedVersion(line); ok {
			t.Errorf("%q passed for a handshake", line)
		}
	}
}

func BenchmarkWindow20x60(b *testing.B) {
	w := sdk.Window{Component: "web", Series: make([]sdk.Series, 20)}
	for i := range w.Series {
		w.Series[i] = sdk.Series{Component: "web", Name: "cpu", Times: make([]int64, 60), Values: make([]float64, 60)}
	}
	for b.Loop() {
		data, err := proto.Marshal(WindowToProto(w))
		if err != nil {
			b.Fatal(err)
		}
		var p pb.Window
		if err := proto.Unmarshal(data, &p); err != nil {
			b.Fatal(err)
		}
		if got := WindowFromProto(&p); len(got.Series) != len(w.Series) {
			b.Fatal("series were lost")
		}
	}
}

// FuzzActions feeds arbitrary bytes to the reader of proposals: it must neither
// panic nor make an action that cannot be sent again.
func FuzzActions(f *testing.F) {
	for _, a := range []sdk.Action{sdk.Restart{Component: "web"}, sdk.SetParameters{Component: "web", Values: map[string]sdk.Value{"n": {Number: 1}}}} {
		sent, err := ProposalToProto(sdk.Proposal{Actions: []sdk.Action{a}})
		if err != nil {
			f.Fatal(err)
		}
		data, err := proto.Marshal(sent)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var p pb.ProposeResponse
		if proto.Unmarshal(data, &p) != nil {
			return
		}
		got, err := ProposalFromProto(&p)
		if err != nil {
			return
		}
		if _, err := ProposalToProto(got); err != nil {
			t.Errorf("read %+v, which cannot be written: %v", got, err)
		}
	})
}
