package testkit

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// VHost makes a vhost of the test's own on the broker, removes it when the test ends, and returns its AMQP address.
func VHost(t testing.TB) string {
	t.Helper()
	amqp, err := url.Parse(setting(t, "TEST_RABBITMQ_URL"))
	if err != nil {
		t.Fatalf("TEST_RABBITMQ_URL: %v", err)
	}
	api := setting(t, "TEST_RABBITMQ_API_URL")
	name := Prefix(t)
	manage(t, http.MethodPut, api+"/api/vhosts/"+name, "")
	t.Cleanup(func() { manage(t, http.MethodDelete, api+"/api/vhosts/"+name, "") })
	manage(t, http.MethodPut, api+"/api/permissions/"+name+"/"+amqp.User.Username(),
		`{"configure":".*","write":".*","read":".*"}`)
	amqp.Path = "/" + name
	return amqp.String()
}

// manage calls the broker's management interface; the address carries the user and the password.
func manage(t testing.TB, method, address, body string) {
	t.Helper()
	if err := call(method, address, body); err != nil {
		t.Errorf("RabbitMQ management: %v (are the test servers up? `make test-servers`)", err)
	}
}

func call(method, address, body string) error {
	request, err := http.NewRequest(method, address, bytes.NewBufferString(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	client := http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %s", method, request.URL.Path, response.Status)
	}
	return nil
}

// Rights are regular expressions: what a user may configure, write to and read, and which event types it may publish.
type Rights struct{ Configure, Write, Read, Topics string }

// RabbitUser makes a user who may do in the vhost of amqpURL, and with the topic exchange, what the rights say. It removes
// the user when the test ends, and returns the user's AMQP address.
func RabbitUser(t testing.TB, amqpURL, exchange string, may Rights) string {
	t.Helper()
	amqp, err := url.Parse(amqpURL)
	if err != nil {
		t.Fatal(err)
	}
	api, name, vhost := setting(t, "TEST_RABBITMQ_API_URL"), Prefix(t), amqp.Path
	manage(t, http.MethodPut, api+"/api/users/"+name, fmt.Sprintf(`{"password":%q,"tags":""}`, name))
	t.Cleanup(func() { manage(t, http.MethodDelete, api+"/api/users/"+name, "") })
	manage(t, http.MethodPut, api+"/api/permissions"+vhost+"/"+name,
		fmt.Sprintf(`{"configure":%q,"write":%q,"read":%q}`, may.Configure, may.Write, may.Read))
	manage(t, http.MethodPut, api+"/api/topic-permissions"+vhost+"/"+name,
		fmt.Sprintf(`{"exchange":%q,"write":%q,"read":"^$"}`, exchange, may.Topics))
	amqp.User = url.UserPassword(name, name)
	return amqp.String()
}
