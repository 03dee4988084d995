// Program passes one failpoint five times, for the tests.
package main

import (
	"fmt"

	"marketplace/shared/failpoint"
)

func main() {
	for i := range 5 {
		fmt.Println(i + 1)
		failpoint.Point("order.after_commit")
	}
	fmt.Println("end")
}
