package wire

import "marketplace/payment-service/internal/sandbox/processor"

type charge struct {
	ID                   string            `json:"id"`
	Object               string            `json:"object"`
	Amount               int64             `json:"amount"`
	AmountCaptured       int64             `json:"amount_captured"`
	AmountRefunded       int64             `json:"amount_refunded"`
	Captured             bool              `json:"captured"`
	Created              int64             `json:"created"`
	Currency             string            `json:"currency"`
	Customer             *string           `json:"customer"`
	Disputed             bool              `json:"disputed"`
	FailureCode          *string           `json:"failure_code"`
	FailureMessage       *string           `json:"failure_message"`
	Livemode             bool              `json:"livemode"`
	Metadata             map[string]string `json:"metadata"`
	Outcome              outcome           `json:"outcome"`
	Paid                 bool              `json:"paid"`
	PaymentIntent        string            `json:"payment_intent"`
	PaymentMethod        string            `json:"payment_method"`
	PaymentMethodDetails methodDetails     `json:"payment_method_details"`
	Refunded             bool              `json:"refunded"`
	Status               string            `json:"status"`
}

type outcome struct {
	NetworkStatus string `json:"network_status"`
	Type          string `json:"type"`
}

type methodDetails struct {
	Type string `json:"type"`
	Card card   `json:"card"`
}

type card struct {
	Brand    string `json:"brand"`
	Last4    string `json:"last4"`
	Country  string `json:"country"`
	ExpMonth int    `json:"exp_month"`
	ExpYear  int    `json:"exp_year"`
	Funding  string `json:"funding"`
}

// Charge renders the latest attempt of an intent.
func Charge(in processor.Intent) any {
	c := in.Charge
	o := charge{
		ID: c.ID, Object: "charge", Amount: c.Amount, AmountRefunded: c.Refunded, Captured: c.Paid, Created: c.CreatedAt.Unix(),
		Currency: c.Currency, Customer: orNull(in.Customer), Disputed: c.DisputeID != "", Metadata: metadata(in.Metadata), Paid: c.Paid, PaymentIntent: in.ID,
		PaymentMethod:        c.Method,
		PaymentMethodDetails: methodDetails{Type: "card", Card: cardOf(c.Brand, c.Last4)},
		Refunded:             c.Paid && c.Refunded == c.Amount,
	}
	if c.Paid {
		o.Status, o.AmountCaptured, o.Outcome = "succeeded", c.Amount, outcome{"approved_by_network", "authorized"}
	} else {
		o.Status, o.Outcome = "failed", outcome{"declined_by_network", "issuer_declined"}
	}
	if c.Failure != nil {
		o.FailureCode, o.FailureMessage = orNull(c.Failure.Code), orNull(c.Failure.Message)
	}
	return o
}

func cardOf(brand, last4 string) card {
	return card{Brand: brand, Last4: last4, Country: "US", ExpMonth: 12, ExpYear: 2034, Funding: "credit"}
}
