// A client as many are written: axios here, `fetch` there.
import axios from 'axios';

const { data } = await axios.get('http://greeter/hello');
console.log(data);

const response = await fetch('http://greeter/agent', { headers: { 'user-agent': 'curl' } });
console.log(response.status);

const error = await axios.get('http://elsewhere.example/').catch((error) => error);
console.log(error.code);
