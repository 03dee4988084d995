package events

import (
	"errors"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	eventsv1 "marketplace/proto/events/v1"
)

func TestJSON_ThereAndBackIsTheSameBody(t *testing.T) {
	body, err := proto.Marshal(&eventsv1.StockRejected{OrderId: "o-1", Shortages: []*eventsv1.Shortage{{ProductId: "p-1", Wanted: 3, Available: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := ToJSON(StockRejected, body)
	if err != nil || !strings.Contains(string(text), `p-1`) {
		t.Fatalf("%s, err %v", text, err)
	}
	back, err := FromJSON(StockRejected, text)
	if err != nil || string(back) != string(body) {
		t.Fatalf("%x, want %x; err %v", back, body, err)
	}
}

func TestToJSON_HidesNothingThatThisBuildCannotRead(t *testing.T) {
	unknown := []byte{0xfa, 0x3f, 0x01, 'x'} // field 1023, a string
	inside := append([]byte{0x12, byte(len(unknown))}, unknown...)
	for name, body := range map[string][]byte{"at the top": unknown, "inside a list": inside} {
		if _, err := ToJSON(StockRejected, body); !errors.Is(err, ErrNewer) {
			t.Errorf("%s: err %v, want ErrNewer", name, err)
		}
	}
	if _, err := ToJSON("order.teleported", nil); !errors.Is(err, ErrUnknownType) {
		t.Errorf("err %v, want ErrUnknownType", err)
	}
	if _, err := ToJSON(StockRejected, []byte("garbage")); err == nil || !strings.HasPrefix(err.Error(), "the body is no stock.rejected: ") {
		t.Errorf("err %v", err)
	}
}

func TestFromJSON_SaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		`{"order_id": "o", "shortage": []}`: `unknown field "shortage"`,
		`{"shortages": [{"wanted": "x"}]}`:  `wanted`,
		`not JSON`:                          `the JSON is no stock.rejected`,
	} {
		if _, err := FromJSON(StockRejected, []byte(text)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "proto:") {
			t.Errorf("%s: err %v, want %s", text, err, want)
		}
	}
	if _, err := FromJSON("order.teleported", []byte("{}")); !errors.Is(err, ErrUnknownType) {
		t.Errorf("err %v, want ErrUnknownType", err)
	}
}
