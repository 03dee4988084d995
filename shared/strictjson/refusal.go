package strictjson

import "strconv"

// step is one step of the path to a value.
type step struct {
	name   []byte
	number int
	index  bool // an item of a list; a field of an object otherwise
	known  bool // whether the shape has it; any other name is the sender's text, which is not repeated
}

// refuse notes what is wrong with the value that is looked at. It returns errEnough after the last refusal that is wanted.
func (s *scanner) refuse(message string) error {
	s.refusals = append(s.refusals, Refusal{Path: s.where(), Message: message})
	if len(s.refusals) == MaxRefusals {
		return errEnough
	}
	return nil
}

// stop notes what is wrong, and ends the scan.
func (s *scanner) stop(message string) error {
	_ = s.refuse(message)
	return errEnough
}

// where is the path as text, up to the first step that the shape does not have.
func (s *scanner) where() string {
	var text []byte
	for _, step := range s.path {
		if !step.known {
			break
		}
		if step.index {
			text = append(strconv.AppendInt(append(text, '['), int64(step.number), 10), ']')
			continue
		}
		if len(text) > 0 {
			text = append(text, '.')
		}
		text = append(text, step.name...)
	}
	return string(text)
}
