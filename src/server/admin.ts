import { batchBody, batchReport } from '../api/admin.js';
import { ref } from '../api/schema.js';
import { answer } from './answers.js';
import type { Routes } from './app.js';

export const adminRoutes: Routes = (app, engine) => {
  app.post(
    '/v1/admin/batch',
    {
      schema: {
        operationId: 'batch',
        summary: "Computes every user's interests while requests are answered; the answer comes at its end",
        tags: ['admin'],
        body: ref(batchBody),
        response: answer(batchReport),
      },
    },
    async ({ body }) => engine.batch(body),
  );
};
