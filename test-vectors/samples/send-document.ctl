<DTSControl>
  <Version>1</Version>
  <AddressType>DTS</AddressType>
  <MessageType>Data</MessageType>
  <From_DTS>X9Z01OT001</From_DTS>
  <To_DTS>GPPROVIDER_9990001510_03041961_Quillfeather</To_DTS>
  <Subject>Sample document</Subject>
  <LocalId>X9Z01</LocalId>
  <PartnerId></PartnerId>
  <WorkflowId>GPFED_CONSULT_REPORT</WorkflowId>
  <ProcessId></ProcessId>
  <Compress>Y</Compress>
  <Encrypted>N</Encrypted>
</DTSControl>
