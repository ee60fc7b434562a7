console.log("cess-s3");
