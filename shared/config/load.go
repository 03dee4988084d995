package config

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"
)

// startWait is how long a start waits for Consul's keys.
const startWait = 2 * time.Second

// consulKey and consulTokenKey are the settings that this package reads itself.
const (
	consulKey      = "consul_url"
	consulTokenKey = "consul_http_token" // CONSUL_HTTP_TOKEN is the name that every Consul tool reads
)

// settingsFile is the field that tells the program, for its log, which file of the checkout was read.
const settingsFile = "SettingsFile"

// Settings is a struct of settings, those of embedded structs included. What stands in an embedded struct with the tag live:"true" may
// change while the process runs; everything else needs a restart.
type Settings interface {
	// Validate refuses values that would only fail later. It sees all settings, so that it holds the rules between them.
	Validate() error
}

// Load reads the settings of a service. Defaults given here (by key) win over those in T's tags. An error of T's Validate is returned.
func Load[T Settings](service string, defaults ...map[string]any) (T, error) {
	return load[T](service, checkoutFile(), defaults)
}

func load[T Settings](service, file string, defaults []map[string]any) (T, error) {
	var none T
	b, err := newBase[T](service, file, defaults)
	if err != nil {
		return none, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startWait)
	defer cancel()
	stored, err := b.store(b.viper.GetString(consulKey), service).read(ctx, 0)
	if err != nil {
		stored.keys = nil // Consul is away, or not used here: Watch catches up
	}
	return build[T](b, stored.keys)
}

// base is every layer but Consul's.
type base struct {
	viper    *viper.Viper
	settings []setting
	defaults map[string]any
	file     string // of the checkout, when it was read
}

func newBase[T Settings](service, file string, defaults []map[string]any) (*base, error) {
	b := &base{viper: viper.New(), settings: settingsOf(reflect.TypeFor[T](), false), defaults: map[string]any{}}
	own := prefix(service)
	for _, s := range b.settings {
		b.defaults[s.key] = s.byDefault
		if err := b.viper.BindEnv(s.key, own+s.variable(), s.variable()); err != nil {
			return nil, fmt.Errorf("config: %w", err)
		}
	}
	for _, more := range defaults {
		maps.Copy(b.defaults, more)
	}
	for key, value := range b.defaults {
		b.viper.SetDefault(key, value)
	}
	if alone(own) {
		b.viper.Set(consulKey, "")
	}
	b.viper.SetConfigFile("config.yaml")
	if err := b.viper.ReadInConfig(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("config.yaml: %w", err)
	}
	if file != "" && b.viper.GetString("environment") == Development {
		if err := b.readCheckout(file, own); err != nil {
			return nil, fmt.Errorf("config: the settings of `make run`: %w", err)
		}
	}
	return b, nil
}

// prefix is what the variables of one service alone begin with.
func prefix(service string) string {
	return strings.ToUpper(strings.ReplaceAll(service, "-", "_")) + "_"
}

// readCheckout puts the checkout's settings over the defaults and below everything else.
func (b *base) readCheckout(file, own string) error {
	values, err := readVariables(file)
	if err != nil {
		return err
	}
	b.file = file
	for _, s := range b.settings {
		if value := cmp.Or(values[own+s.variable()], values[s.variable()]); value != "" {
			b.viper.SetDefault(s.key, value)
		}
	}
	return nil
}

// alone says whether the environment names no Consul on purpose. viper takes an empty variable for none, and that is right
// everywhere else: an empty PORT or DATABASE_URL must not replace a default.
func alone(own string) bool {
	for _, name := range []string{own + "CONSUL_URL", "CONSUL_URL"} {
		if value, set := os.LookupEnv(name); set {
			return value == ""
		}
	}
	return false
}

func (b *base) store(consul, service string) store {
	return store{url: consul, prefix: "config/" + service + "/", token: b.viper.GetString(consulTokenKey)}
}

// build lays Consul's keys over the file and decodes the whole. It may be called once for a base.
func build[T Settings](b *base, stored map[string]any) (T, error) {
	var cfg, none T
	for key := range stored { // viper takes a dot for a folder, and drops what it finds no field for in one
		if !slices.ContainsFunc(b.settings, func(s setting) bool { return strings.EqualFold(s.key, key) }) {
			return none, fmt.Errorf("config: Consul's key %q is no setting", key)
		}
	}
	if err := b.viper.MergeConfigMap(stored); err != nil {
		return none, fmt.Errorf("config: %w", err)
	}
	if err := b.viper.UnmarshalExact(&cfg, func(c *mapstructure.DecoderConfig) { c.Squash = true }); err != nil {
		return none, fmt.Errorf("config: %w", err)
	}
	if b.viper.GetString("environment") == Production {
		if err := b.refuseDefaults(); err != nil {
			return none, err
		}
	}
	if field := reflect.ValueOf(&cfg).Elem().FieldByName(settingsFile); field.IsValid() {
		field.SetString(b.file)
	}
	if err := cfg.Validate(); err != nil {
		return none, fmt.Errorf("config: %w", err)
	}
	return cfg, nil
}

// developmentSecret is part of every password that the repository publishes for use on one's own machine.
const developmentSecret = "marketplace-development"

// refuseDefaults names the settings that still hold a default meant for development.
func (b *base) refuseDefaults() error {
	var bad []error
	for _, s := range b.settings {
		held := b.viper.GetString(s.key)
		byDefault := s.required && held != "" && held == fmt.Sprint(b.defaults[s.key])
		if byDefault || strings.Contains(held, developmentSecret) {
			bad = append(bad, fmt.Errorf("config: %s must be set in production", s.variable()))
		}
	}
	return errors.Join(bad...)
}

// setting is one field of a configuration struct.
type setting struct {
	key       string
	byDefault any
	required  bool
	live      bool  // it may change while the process runs
	index     []int // of the field, as reflect counts
}

// variable is the environment variable that all services read it from.
func (s setting) variable() string { return strings.ToUpper(s.key) }

// of is the setting's value in a configuration.
func (s setting) of(cfg reflect.Value) reflect.Value { return cfg.FieldByIndex(s.index) }

// settingsOf lists the fields, those of embedded structs included.
func settingsOf(t reflect.Type, live bool, index ...int) []setting {
	var all []setting
	for field := range t.Fields() {
		at, live := append(slices.Clone(index), field.Index...), live || field.Tag.Get("live") == "true"
		if field.Anonymous {
			all = append(all, settingsOf(field.Type, live, at...)...)
			continue
		}
		if field.Tag.Get("mapstructure") == "-" {
			continue
		}
		all = append(all, setting{
			key:       field.Tag.Get("mapstructure"),
			byDefault: field.Tag.Get("default"),
			required:  field.Tag.Get("production") == "required",
			live:      live,
			index:     at,
		})
	}
	return all
}

// Variables says of each variable that T is read from whether its setting may change while the process runs.
func Variables[T Settings]() map[string]bool {
	all := map[string]bool{}
	for _, s := range settingsOf(reflect.TypeFor[T](), false) {
		all[s.variable()] = s.live
	}
	return all
}
