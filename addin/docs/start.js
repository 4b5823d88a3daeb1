/** Draws our own description; nothing is sent anywhere but to this server. */
window.SwaggerUIBundle({ url: 'openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null, queryConfigEnabled: false });
