// Prints every message that CaliDog's client for JavaScript hands on, one a line. Its own words go to standard output
// too: whoever reads this takes what is JSON.
const CertStreamClient = require(process.argv[2]);

const client = new CertStreamClient((message) => process.stdout.write(`${JSON.stringify(message)}\n`));
client.connect(process.argv[3]);
