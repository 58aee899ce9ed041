// Runs in the browser. The token stays in the page: it is forgotten when the page is closed.
window.SwaggerUIBundle({
  url: '../openapi.json',
  dom_id: '#page',
  deepLinking: true,
  displayRequestDuration: true,
  filter: true,
  validatorUrl: null,
});
