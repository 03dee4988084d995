// Package attacks sends the marketplace what once took gigabytes of memory, and watches each process's memory meanwhile.
package attacks
