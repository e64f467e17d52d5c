// The part of the viewer that we use; its package brings no types.
declare module 'swagger-ui-dist/swagger-ui-es-bundle' {
  interface Request { url: string; method?: string; headers: Record<string, string> }
  interface Options {
    dom_id: string;
    url: string;
    validatorUrl: null;
    deepLinking: boolean;
    docExpansion: 'list' | 'full' | 'none';
    defaultModelsExpandDepth: number;
    filter: boolean;
    tryItOutEnabled: boolean;
    requestInterceptor: (r: Request) => Request;
  }
  export default function SwaggerUI(o: Options): unknown;
}
