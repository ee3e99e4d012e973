import { type Notes, no } from '../note.js';

export const requestAuthenticationNotes: Notes = {
  '': no('tokens are not checked yet, and a policy that protects nothing would be worse than none'),
};
