import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle';
import 'swagger-ui-dist/swagger-ui.css';
import '../theme/tokens.css';
import './docs.css';

// The viewer's own dark colours follow the app's scheme.
const dark = document.documentElement.getAttribute('data-mantine-color-scheme') === 'dark';
document.documentElement.classList.toggle('dark-mode', dark);

SwaggerUI({
  dom_id: '#api',
  url: '/openapi.json',
  // A stranger's validator is none of our hosts.
  validatorUrl: null,
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  filter: true,
  // Requests go with the session of this browser; commands need a key of their own.
  tryItOutEnabled: false,
  requestInterceptor: (r) => {
    if (r.method && !['GET', 'HEAD'].includes(r.method.toUpperCase()) && !r.headers['Idempotency-Key']) {
      r.headers['Idempotency-Key'] = crypto.randomUUID();
    }
    return r;
  },
});
