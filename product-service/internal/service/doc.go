// Package service is who may do what with the catalogue. Plain reads of what everybody may see go past it.
package service
