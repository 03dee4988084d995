// Package openapi shows the whole marketplace as one API: /openapi.json is the merged documents of all services, and
// /swagger/index.html is Swagger UI over it, served from files inside the program.
//
// Each service describes itself at its own /openapi.json, from its Go types. The gateway asks now and then; a service
// that is away stays in the document as it was known last.
package openapi
